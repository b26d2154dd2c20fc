import { expect, test } from 'vitest';
import { findBuildNetwork, type NetworkFacts } from '../../../src/ami/build/build-network.ts';
import { FAMILY } from '../family.ts';

const GROUP = 'sg-0123456789abcdef0';
const SUBNET = 'subnet-0123456789abcdef0';

/** An account with these parameters; a VPC for each id that exists. */
function account(values: Record<string, string>, vpcs: Record<string, string>): NetworkFacts {
  return {
    parameter: async (name) => values[name],
    vpcOfSecurityGroup: async (id) => vpcs[id],
    vpcOfSubnet: async (id) => vpcs[id],
  };
}
const good = { '/ci/security-group': GROUP, '/ci/subnet': SUBNET };

test('security group and subnet of one VPC are taken', async () => {
  const facts = account(good, { [GROUP]: 'vpc-1', [SUBNET]: 'vpc-1' });
  expect(await findBuildNetwork(facts, FAMILY)).toEqual({
    securityGroup: GROUP,
    subnet: SUBNET,
    vpc: 'vpc-1',
  });
});

test.each([
  [
    'two VPCs are both named, before Packer waits half an hour for SSH (incident e6ae229)',
    account(good, { [GROUP]: 'vpc-1', [SUBNET]: 'vpc-2' }),
    `security group ${GROUP} is in vpc-1, subnet ${SUBNET} is in vpc-2`,
  ],
  [
    'a missing parameter',
    account({ '/ci/subnet': SUBNET }, {}),
    'SSM parameter /ci/security-group does not exist',
  ],
  [
    'a placeholder',
    account({ ...good, '/ci/subnet': 'placeholder' }, { [GROUP]: 'vpc-1' }),
    "SSM parameter /ci/subnet holds 'placeholder', which is not the id of a subnet",
  ],
  [
    'an id with a line end',
    account({ ...good, '/ci/security-group': `${GROUP}\n` }, {}),
    `SSM parameter /ci/security-group holds '${GROUP}\n', which is not the id of a security group`,
  ],
  ['a deleted subnet', account(good, { [GROUP]: 'vpc-1' }), `there is no subnet ${SUBNET} in this region`],
])('%s is refused', async (_, facts, message) => {
  await expect(findBuildNetwork(facts, FAMILY)).rejects.toMatchObject({ kind: 'config', message });
});
