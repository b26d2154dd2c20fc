import { openAccount } from '../ami/aws/account.ts';
import { openEc2 } from '../ami/aws/ec2.ts';
import { openImageBuilderEc2 } from '../ami/aws/image-builder-ec2.ts';
import { findBuildNetwork } from '../ami/build/build-network.ts';
import type { Account } from '../ami/model/account.ts';
import { parseImageId } from '../ami/model/ids.ts';
import { LOGICAL_ID } from '../ami/rollout/stack-plan.ts';
import type { FamilySettings } from '../config/families.ts';
import { openAws } from '../platform/aws.ts';
import type { Host } from '../platform/host.ts';
import { type DryRun, amiTrouble, parameterFinding, stacksFinding, writingFinding } from './ami-findings.ts';
import { boundedFindings } from './bounded-findings.ts';
import type { CheckCode } from './checks.ts';
import { type DoctorFinding, type Trouble, ok } from './finding.ts';

/** Loading the SDK takes a second of a busy machine, and credentials up to five off EC2. */
const AMI_MS = 15_000;

/** What the daily job of one family needs: everything that it reads is read, and what it writes is asked about where EC2 can be. */
export async function askFamily(
  outer: Host,
  family: FamilySettings,
  { daily }: { readonly daily: boolean },
): Promise<readonly DoctorFinding[]> {
  const state: Trouble['state'] = daily ? 'failed' : 'warning';
  const tried = async (check: CheckCode, work: (account: Account, host: Host) => Promise<DoctorFinding>) =>
    await boundedFindings(outer, { check, ms: AMI_MS, otherwise: state }, async (host) => {
      try {
        return [await work(openAccount(host, family.region), host)];
      } catch (error) {
        host.signal.throwIfAborted();
        return [amiTrouble(check, error, state)];
      }
    });
  const identity = await tried('ami-identity', async ({ identity: asked }) => {
    const { arn } = await asked.caller();
    return ok('ami-identity', `${family.key}: ${arn} in ${family.region}`);
  });
  // Without an identity each of the others would say the same.
  if (identity.some((finding) => finding.state !== 'ok')) return identity;
  const others = await Promise.all([
    tried('ami-parameter', async ({ parameters }) =>
      parameterFinding(family, await parameters.get(family.parameter)),
    ),
    tried('ami-network', async ({ parameters }, host) => {
      const ec2 = openImageBuilderEc2(openEc2(awsOf(host, family)));
      const parameter = async (name: string) => (await parameters.get(name))?.value;
      const network = await findBuildNetwork({ ...ec2, parameter }, family);
      return ok(
        'ami-network',
        `images are built in ${network.subnet} with ${network.securityGroup}, both of ${network.vpc}`,
      );
    }),
    tried('ami-stacks', async ({ stacks }) => {
      const found = family.stacks.map(
        async (name) => [name, (await stacks.find(name)) !== undefined] as const,
      );
      return stacksFinding(new Map(await Promise.all(found)));
    }),
    tried('ami-images', async ({ images }) => {
      const own = await images.list(family.name);
      return ok('ami-images', `${own.length} images of ${family.name} can be seen`);
    }),
    tried('ami-instances', async ({ instances }) => {
      const all = await instances.list();
      return ok('ami-instances', `${all.length} instances of the region can be seen`);
    }),
    tried('ami-write', async ({ stacks, parameters }, host) => {
      const [first = ''] = family.stacks;
      const [template, desired] = await Promise.all([
        stacks.resource(first, LOGICAL_ID.template),
        parameters.get(family.parameter),
      ]);
      const image = parseImageId(desired?.value ?? '');
      if (template === undefined || image === undefined) return writingFinding(undefined, state);
      return writingFinding(await dryRun(host, family, { template, image }), state);
    }),
  ]);
  return [...identity, ...others.flat()];
}

function awsOf({ fetch, http = fetch, signal, clock, emit }: Host, { region }: FamilySettings) {
  return openAws({ fetch: http, signal, clock, emit }, region);
}

/** Asks EC2 about a new version. It makes none: `DryRun` is answered with an error, whatever EC2 would have done. */
async function dryRun(
  host: Host,
  family: FamilySettings,
  { template, image }: { readonly template: string; readonly image: string },
): Promise<DryRun> {
  const ec2 = openEc2(awsOf(host, family));
  const { sdk, client } = await ec2.load();
  const input = {
    LaunchTemplateId: template,
    SourceVersion: '$Default',
    LaunchTemplateData: { ImageId: image },
    DryRun: true,
  };
  const answer = await ec2.ask(
    {
      action: 'ec2:CreateLaunchTemplateVersion',
      subject: template,
      expect: ['DryRunOperation', 'UnauthorizedOperation'],
    },
    async (options) => await client.send(new sdk.CreateLaunchTemplateVersionCommand(input), options),
  );
  if (answer.ok) return 'unknown';
  return answer.code === 'DryRunOperation' ? 'allowed' : 'denied';
}
