import * as z from 'zod';
import { DURATION } from './duration.ts';
import { bucketNameFault } from './bucket-name.ts';
import * as field from './fields.ts';
import { roleArn } from './role-arn.ts';
import { spelledBoolean } from './spelled-boolean.ts';

const bucket = z.string().superRefine((name, context) => {
  const message = bucketNameFault(name);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** S3 takes any text; sccache, URLs and policies agree on this much. */
const prefix = z
  .string()
  .refine(
    (text) => text === '' || text.split('/').every((part) => /^[\w.-]+$/.test(part) && !/^\.\.?$/.test(part)),
    { error: ({ input }) => `'${String(input)}' is not a key prefix; write words joined by '/'` },
  );

const role = field.form(
  /^(?:arn:aws[a-z-]*:iam::\d{12}:role\/)?[\w+=,.@/-]{1,512}$/,
  "IAM role; write its name (in the bucket's account) or its ARN",
);
const roles = z.array(role).default([]);

function argument(name: string) {
  return field.form(/^[A-Za-z_][A-Za-z0-9_]*$/, 'argument name').default(name);
}

/** The `sccache` section. */
export const sccache = z
  .strictObject({
    enabled: spelledBoolean().describe('whether compile steps use sccache'),
    bucket: bucket.describe('S3 bucket'),
    region: field
      .form(/^(?:auto|[a-z]{2}(?:-[a-z]+)+-\d)$/, 'AWS region')
      .describe('region of the bucket; auto only with an endpoint'),
    prefix: prefix.default('').describe("beginning of all keys; '' for a bucket of its own"),
    endpoint: field
      .form(/^https?:\/\/[A-Za-z0-9.[\]:-]+$/, 'endpoint; write http(s)://host[:port]')
      .optional()
      .describe('S3-compatible service; AWS where absent'),
    anonymous: spelledBoolean()
      .default(false)
      .describe('read a public bucket without credentials, and write nothing'),
    secret: field
      .form(/^[A-Za-z0-9][\w.-]*$/, 'secret id')
      .optional()
      .describe('id of the build secret that the Dockerfile mounts as AWS credentials file'),
    credentials: z
      .enum(['session', 'job'])
      .default('session')
      .describe(
        "session: RUN steps get a session of the role in assume; job: they get the job's own credentials, whole, in pull requests too",
      ),
    assume: z
      .strictObject({
        trusted: roleArn.describe(
          "taken for steps of trusted builds, which read and write; the job's own where absent",
        ),
        untrusted: roleArn.describe(
          'taken for steps of other builds, which read; without it they get nothing',
        ),
      })
      .prefault({})
      .describe('IAM roles whose sessions RUN steps get'),
    credentialsLast: field
      .form(DURATION, 'duration; write it like 90m or 2h')
      .default('1h')
      .describe('how long credentials must last: a running step cannot get new ones'),
    expireDays: z
      .int()
      .min(1, { error: 'write 1 or more' })
      .default(30)
      .describe('days after which objects expire'),
    roles: z
      .strictObject({
        trusted: roles.describe('may read and write'),
        untrusted: roles.describe('may read'),
        imageBuilder: roles.describe('may read'),
      })
      .prefault({})
      .describe('IAM roles that use the bucket'),
    arguments: z
      .strictObject({
        enabled: argument('USE_SCCACHE'),
        bucket: argument('SCCACHE_BUCKET_NAME'),
        region: argument('SCCACHE_REGION_NAME'),
        anonymous: argument('SCCACHE_S3_NO_CREDENTIALS'),
        prefix: argument('SCCACHE_S3_KEY_PREFIX'),
        endpoint: argument('SCCACHE_ENDPOINT'),
      })
      .prefault({})
      .refine((names) => new Set(Object.values(names)).size === Object.keys(names).length, {
        error: 'two settings have one argument name',
      })
      .describe('what the Dockerfile calls its build arguments'),
  })
  .superRefine(({ region, endpoint, anonymous, secret, roles: all, credentials, assume }, context) => {
    if (assume.untrusted !== undefined && assume.untrusted === assume.trusted) {
      const message = `'${assume.untrusted}' is assume.trusted already: whoever may take it may write`;
      context.addIssue({ code: 'custom', path: ['assume', 'untrusted'], message });
    }
    if (credentials === 'job' && Object.values(assume).some((one) => one !== undefined)) {
      const message = 'no role is taken where credentials is job; remove one of the two';
      context.addIssue({ code: 'custom', path: ['credentials'], message });
    }
    if (region === 'auto' && endpoint === undefined) {
      context.addIssue({ code: 'custom', path: ['region'], message: "'auto' is not a valid AWS region" });
    }
    if (anonymous && secret !== undefined) {
      const message = 'no credentials are used where anonymous is true; remove one of the two';
      context.addIssue({ code: 'custom', path: ['secret'], message });
    }
    for (const reader of ['untrusted', 'imageBuilder'] as const) {
      for (const [index, name] of all[reader].entries()) {
        if (!all.trusted.includes(name)) continue;
        const message = `'${name}' is in roles.trusted already: it would read and write`;
        context.addIssue({ code: 'custom', path: ['roles', reader, index], message });
      }
    }
  })
  .describe('compiler cache of the Dockerfile; equal for all builds, as it is part of the layer key');
