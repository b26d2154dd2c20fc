import type { FamilySettings } from '../../config/families.ts';
import { WarmbakeError } from '../../platform/errors.ts';

/** The network that an image is built in. */
export interface BuildNetwork {
  readonly securityGroup: string;
  readonly subnet: string;
  readonly vpc: string;
}

/** What has to be asked of AWS; `undefined` where there is no such thing. */
export interface NetworkFacts {
  /** Value of an SSM parameter. */
  parameter(name: string): Promise<string | undefined>;
  vpcOfSecurityGroup(id: string): Promise<string | undefined>;
  vpcOfSubnet(id: string): Promise<string | undefined>;
}

const FORMS = {
  securityGroup: { what: 'security group', pattern: /^sg-[0-9a-f]{8}(?:[0-9a-f]{9})?$/ },
  subnet: { what: 'subnet', pattern: /^subnet-[0-9a-f]{8}(?:[0-9a-f]{9})?$/ },
} as const;

/**
 * Reads and checks the network before anything is launched: a security group of another VPC shows only as a connection
 * that times out after half an hour. Throws `config` naming what does not fit.
 */
export async function findBuildNetwork(
  facts: NetworkFacts,
  { network }: Pick<FamilySettings, 'network'>,
): Promise<BuildNetwork> {
  const [securityGroup, subnet] = await Promise.all([
    readId(facts, 'securityGroup', network.securityGroup),
    readId(facts, 'subnet', network.subnet),
  ]);
  const [groupVpc, vpc] = await Promise.all([
    facts.vpcOfSecurityGroup(securityGroup).then((found) => required(found, 'security group', securityGroup)),
    facts.vpcOfSubnet(subnet).then((found) => required(found, 'subnet', subnet)),
  ]);
  if (groupVpc !== vpc) {
    throw new WarmbakeError(
      'config',
      'network-mismatch',
      `security group ${securityGroup} is in ${groupVpc}, subnet ${subnet} is in ${vpc}`,
      {
        hint: `put a security group and a subnet of one VPC into ${network.securityGroup} and ${network.subnet}`,
      },
    );
  }
  return { securityGroup, subnet, vpc };
}

async function readId(facts: NetworkFacts, kind: keyof typeof FORMS, parameter: string): Promise<string> {
  const { what, pattern } = FORMS[kind];
  const value = await facts.parameter(parameter);
  if (value !== undefined && pattern.test(value)) return value;
  const found = value === undefined ? 'does not exist' : `holds '${value}', which is not the id of a ${what}`;
  throw new WarmbakeError('config', 'bad-network', `SSM parameter ${parameter} ${found}`, {
    hint: `put the id of the ${what} for building machine images into it`,
  });
}

function required(vpc: string | undefined, what: string, id: string): string {
  if (vpc !== undefined) return vpc;
  throw new WarmbakeError('config', 'bad-network', `there is no ${what} ${id} in this region`);
}
