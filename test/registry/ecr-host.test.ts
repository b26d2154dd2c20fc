import { expect, test } from 'vitest';
import { parseEcrHost } from '../../src/registry/ecr-host.ts';

test.each([
  ['123456789012.dkr.ecr.us-east-1.amazonaws.com', 'us-east-1'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['123456789012.dkr-ecr.eu-central-1.on.aws', 'eu-central-1'],
  ['123456789012.dkr-ecr-fips.us-east-2.on.aws', 'us-east-2'],
])('%s is a registry in %s', (host, region) => {
  expect(parseEcrHost(host)).toEqual({ kind: 'private', region });
});

test.each(['public.ecr.aws', 'ecr-public.aws.com'])('%s is the public registry', (host) => {
  expect(parseEcrHost(host)).toEqual({ kind: 'public', region: 'us-east-1' });
});

test.each([
  '123456789012.dkr.ecr.us-east-1.amazonaws.com.example.net',
  'x123456789012.dkr.ecr.us-east-1.amazonaws.com',
  '12345678901.dkr.ecr.us-east-1.amazonaws.com',
  '123456789012.dkr.ecr.us-east-1.amazonaws.com:443',
  '123456789012.dkr.ecr.evil.net/.amazonaws.com',
  '123456789012.dkr-ecr.us-east-1.amazonaws.com',
  'public.ecr.aws.example.net',
  'docker.io',
])('%s gets no AWS login', (host) => {
  expect(parseEcrHost(host)).toBeUndefined();
});
