import * as z from 'zod';
import { DURATION } from './duration.ts';
import * as field from './fields.ts';
import { pathText } from './problem.ts';
import type { Finding, Path } from './problem.ts';

const size = field.form(/^\d+(?:\.\d+)?[KMGT]?B$/, 'size; write it like 20GB');
const duration = field.form(DURATION, 'duration; write it like 120s, 10m, 48h or 3d');
const count = z.int().min(0, { error: 'write 0 or more' });
const price = z.number().min(0, { error: 'write 0 or more' });
const parameter = field.form(/^\/[\w./-]+$/, 'name of an SSM parameter; write /path/name');

const stack = field.form(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, 'name of a CloudFormation stack');

/** Of the forms that Buildkite's `notify` has, those of one line. */
const notification = z.union(
  [
    z.strictObject({ slack: field.word }),
    z.strictObject({ email: field.word }),
    z.strictObject({ webhook: field.word }),
    z.strictObject({ pagerduty_change_event: field.word }),
  ],
  { error: 'write one of slack, email, webhook and pagerduty_change_event' },
);

const kmsKey = field.form(
  /^(?:arn:aws[\w-]*:kms:[\w-]+:\d{12}:(?:key\/[\w-]+|alias\/[\w/-]+)|alias\/[\w/-]+|(?:mrk-)?[0-9a-f-]{32,36})$/,
  'KMS key; write its ARN, its id or alias/NAME',
);
const accountId = field.form(/^\d{12}$/, 'AWS account; write its 12 digits');
const organization = field.form(
  /^arn:aws[\w-]*:organizations::\d{12}:(?:organization\/o-[a-z0-9]+|ou\/o-[a-z0-9]+\/ou-[a-z0-9-]+)$/,
  'ARN of an AWS organization or organizational unit',
);

const family = z.strictObject({
  // EC2 allows 128 characters, of which 15 are the time of the build.
  name: field
    .form(/^[A-Za-z0-9][\w.-]{0,112}$/, 'image name; write letters, digits, -, _ and ., at most 113')
    .describe('prefix of the names of its machine images'),
  region: field.form(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'AWS region').describe('region of images and stacks'),
  parameter: parameter.describe('SSM parameter that holds the desired image'),
  network: z
    .strictObject({
      securityGroup: parameter.describe('SSM parameter that holds the security group'),
      subnet: parameter.describe('SSM parameter that holds the subnet'),
    })
    .describe('where the image is built'),
  encryption: z
    .strictObject({ key: kmsKey.describe("KMS key; alias/aws/ebs is the account's own") })
    .optional()
    .describe('of its snapshots; absent: as the account has it for all volumes'),
  shareWith: z
    .strictObject({
      accounts: z.array(accountId).default([]).describe('AWS accounts, 12 digits'),
      organizations: z.array(organization).default([]).describe('ARNs of organizations or their units'),
    })
    .prefault({})
    .describe('who else may launch it; never everybody'),
  rollbackTeams: z
    .array(field.word)
    .default([])
    .describe(
      "slugs of the Buildkite teams that may answer the rollback pipeline's question; none: everybody",
    ),
  baseStack: field.word.describe('version of the Elastic CI stack that it is based on'),
  warm: z
    .strictObject({
      target: field.word.describe(
        'bake target that must be warm; others of the same build are warmed beside it',
      ),
      step: field.word.describe('key of the pipeline step that built that target'),
      minimumBytes: size.describe('smallest store that counts as warm'),
      longestStep: duration.describe('a step that runs longer means that the cache was missed'),
    })
    .describe('what it holds, and the proof of it'),
  stacks: z.array(stack).min(1, { error: 'name at least one stack' }).describe('stacks that run it'),
  canary: z
    .strictObject({
      stack: stack.describe('stack that gets a new image first'),
      watch: duration.describe('how long it is watched'),
      requireProof: z.boolean().default(false).describe('stop where no job has proved the image'),
    })
    .optional()
    .describe('trial before the other stacks'),
  usualDrain: duration
    .optional()
    .describe(
      'how long it usually takes until no instance runs the old image; else what earlier watches have noted',
    ),
  keep: z
    .strictObject({
      newest: count.default(3).describe('how many are always kept'),
      minimumAge: duration.default('3d').describe('younger ones are kept'),
      deletePerRun: count.default(3).describe('how many one run deletes at most'),
    })
    .prefault({})
    .describe('which images stay'),
  disk: z
    .union(
      [
        z.enum(['lazy', 'restore']),
        // EC2's own limits (EbsBlockDevice, VolumeInitializationRate).
        z.strictObject({
          rate: z
            .int()
            .min(100, { error: 'write 100 to 300 (MiB/s)' })
            .max(300, { error: 'write 100 to 300 (MiB/s)' })
            .describe('MiB/s at which EC2 loads the blocks, 100 to 300'),
        }),
      ],
      { error: 'write lazy, restore, or { rate: 300 } (100 to 300 MiB/s)' },
    )
    .default('lazy')
    .describe('how disks of instances come by the blocks of the image'),
  prices: z
    .strictObject({
      currency: field
        .form(/^[A-Z]{3}$/, 'currency; write three letters like USD')
        .describe('three letters, USD'),
      snapshotGibMonth: price.exactOptional().describe('a GiB in snapshots for a month'),
      restoreHour: price.exactOptional().describe('an hour of fast restore, for each snapshot and zone'),
      builderHour: price.exactOptional().describe('an hour of the instance that images are made on'),
    })
    .optional()
    .describe('what things cost; absent: amounts are shown alone'),
  queue: field.word
    .optional()
    .describe(
      'Buildkite queue of the jobs about it; not one that runs it, or a bad image stops its own repair',
    ),
  alarm: z
    .strictObject({
      maximumAge: duration.describe('age of the desired image that raises the alarm'),
      notify: z.array(notification).default([]).describe('who hears of a failed job'),
    })
    .optional()
    .describe('when to call for help'),
});

/** The shape of the `ami` section: one file serves all commands, and the build reads nothing of it. */
export const amiFamilies = field
  .named(/^[a-z0-9][a-z0-9-]*$/, 'family key (lower-case letters, digits and -)', family)
  .superRefine((families, context) => {
    for (const { path, message } of familyFaults(families)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });

type Families = Readonly<Record<string, z.output<typeof family>>>;

/** Two families must not share what one of them changes. */
function familyFaults(families: Families): readonly Finding[] {
  const taken = new Map<string, string>();
  const claim = (what: string, region: string, path: Path): readonly Finding[] => {
    const earlier = taken.get(`${region} ${what}`);
    taken.set(`${region} ${what}`, pathText(['ami', ...path]));
    return earlier === undefined ? [] : [{ path, message: `${what} is ${earlier} already` }];
  };
  return Object.entries(families).flatMap(([key, written]) => {
    const { name, region, parameter: desired, stacks, canary, encryption, shareWith } = written;
    const isShared = shareWith.accounts.length + shareWith.organizations.length > 0;
    return [
      ...claim(`the name '${name}'`, region, [key, 'name']),
      ...claim(`parameter '${desired}'`, region, [key, 'parameter']),
      ...stacks.flatMap((one, index) => claim(`stack '${one}'`, region, [key, 'stacks', index])),
      ...(canary === undefined || stacks.includes(canary.stack)
        ? []
        : [
            {
              path: [key, 'canary', 'stack'],
              message: `'${canary.stack}' is not one of the stacks ${stacks.join(', ')}`,
            },
          ]),
      ...(isShared && /(?:^|:)alias\/aws\//.test(encryption?.key ?? '')
        ? [
            {
              path: [key, 'encryption', 'key'],
              message: `'${encryption?.key}' is a key of this account alone, and the image is shared; name one of yours`,
            },
          ]
        : []),
    ];
  });
}
