import { describe, expect, it } from 'vitest';
import { parseRepository } from '../../src/registry/reference.ts';
import { canonicalRepository } from '../../src/registry/same-registry.ts';

function canonical(text: string): string {
  const repository = parseRepository(text);
  if (repository === undefined) throw new Error(text);
  return canonicalRepository(repository);
}

describe('spellings of one repository are one', () => {
  it.each([
    [
      'docker.io/team/app',
      'index.docker.io/team/app',
      'registry-1.docker.io/team/app',
      'docker.io:443/team/app',
    ],
    ['docker.io/app', 'docker.io/library/app', 'index.docker.io/app'],
    [
      'registry.example/app',
      'registry.example:443/app',
      'registry.example:80/app',
      'registry.example:0443/app',
    ],
    [
      'localhost:5000/app',
      '127.0.0.1:5000/app',
      '127.0.0.2:5000/app',
      '127.1:5000/app',
      '0.0.0.0:5000/app',
      '[::1]:5000/app',
      '[0:0:0:0:0:0:0:1]:5000/app',
      '[::]:5000/app',
      '[::ffff:7f00:1]:5000/app',
      'sub.localhost:5000/app',
      '127.0.0.1:05000/app',
    ],
    ['localhost/app', '127.0.0.1:80/app', '[::1]/app'],
    [
      '123456789012.dkr.ecr.us-east-1.amazonaws.com/app',
      '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app',
      '123456789012.dkr-ecr.us-east-1.on.aws/app',
      '123456789012.dkr-ecr-fips.us-east-1.on.aws:443/app',
    ],
    ['public.ecr.aws/a1/app', 'ecr-public.aws.com/a1/app'],
  ])('%s', (one, ...others) => {
    expect(others.map(canonical)).toEqual(others.map(() => canonical(one)));
  });
});

it('different repositories are different', () => {
  const all = [
    'docker.io/team/app',
    'docker.io/app',
    'registry.example/app',
    'registry.example:5000/app',
    'other.example/app',
    'localhost:5000/app',
    'localhost:5001/app',
    'localhost/app',
    '10.0.0.1:5000/app',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com/app',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app',
    '210987654321.dkr.ecr.us-east-1.amazonaws.com/app',
    'public.ecr.aws/a1/app',
    'public.ecr.aws/a2/app',
  ];
  expect(new Set(all.map(canonical)).size).toBe(all.length);
});
