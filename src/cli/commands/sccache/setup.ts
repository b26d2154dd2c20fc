import { WarmbakeError } from '../../../platform/errors.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { readBucket, readCaller } from '../../../sccache/bucket-facts.ts';
import { type BucketFacts, type BucketStep, changesOf, planBucket } from '../../../sccache/bucket-plan.ts';
import { makeChange } from '../../../sccache/bucket-setup.ts';
import { rolePolicy } from '../../../sccache/policy.ts';
import { openS3 } from '../../../sccache/s3.ts';
import { terraformText } from '../../../sccache/terraform.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  unlessDryRun,
} from '../../command.ts';
import { exactPart, linePart, tablePart } from '../../parts.ts';
import { loadSccache } from './settings.ts';

/** `warmbake sccache setup`: the bucket, as the configuration wants it. */
export const sccacheSetupCommand: CommandSpec = {
  description:
    'Create the bucket of sccache in its region: public access blocked, encrypted, with an expiry rule and a policy for the configured roles. What is there already is kept; a second run changes nothing. Buckets of other accounts are never touched, nor those that hold other things (see --adopt).',
  options: [
    ...CONFIG_OPTIONS,
    { flags: '--dry-run', help: 'look, and say what would be done' },
    { flags: '--adopt', help: 'also for a bucket that holds other things (needs sccache.prefix)' },
    { flags: '--terraform', help: 'change nothing; print the same as Terraform resources' },
    { flags: '--iam', help: 'also print policies for roles, which those of other accounts need' },
  ],
  examples: [
    'warmbake sccache setup --dry-run',
    'warmbake sccache setup',
    'warmbake sccache setup --terraform > sccache.tf',
  ],
  changesShared: (input) => unlessDryRun(input) && !flag(input, 'terraform'),
  run,
};

async function run(host: Host, input: Input): Promise<CommandOutcome> {
  const { sccache } = await loadSccache(host, input);
  if (sccache.endpoint !== undefined) {
    const message = `setup makes buckets of AWS, and sccache.endpoint is '${sccache.endpoint}'`;
    throw new WarmbakeError('config', 'setup-needs-aws', message, {
      hint: "make the bucket with the service's own tools; `warmbake sccache doctor` checks it",
    });
  }
  const s3 = await openS3(host, { ...sccache, anonymous: false }, { anyRegion: true });
  try {
    if (flag(input, 'terraform')) {
      const text = terraformText(sccache, await readCaller(s3.aws));
      return { json: { terraform: text }, text };
    }
    const facts = await readBucket(s3, sccache);
    const steps = planBucket(facts, sccache, { adopt: flag(input, 'adopt') });
    const dryRun = flag(input, 'dryRun');
    if (!dryRun) {
      for (const change of changesOf(steps)) {
        await makeChange(s3, sccache, { change, place: facts.caller });
        host.emit({ type: 'line', text: `${change.part}: ${change.does}` });
      }
    }
    const iam = {
      trusted: rolePolicy(sccache, facts.caller, 'read-write'),
      untrusted: rolePolicy(sccache, facts.caller, 'read-only'),
      imageBuilder: rolePolicy(sccache, facts.caller, 'read-only'),
    };
    const told = flag(input, 'iam') ? [exactPart(`\n${JSON.stringify(iam, undefined, 2)}`)] : [];
    return { json: { dryRun, steps, iam }, page: [...planParts(facts, steps, dryRun), ...told] };
  } finally {
    s3.client.destroy();
  }
}

function planParts(
  { caller }: BucketFacts,
  steps: readonly BucketStep[],
  dryRun: boolean,
): readonly PagePart[] {
  const rows = steps.map(({ part, action, does }) => [part, action, does]);
  const changes = changesOf(steps).length;
  const verb = dryRun ? 'would be made' : 'made';
  const sum = changes === 0 ? 'nothing to do' : `${changes} ${changes === 1 ? 'change' : 'changes'} ${verb}`;
  return [tablePart(['PART', 'ACTION', `AS ${caller.arn}`], rows), linePart(sum)];
}
