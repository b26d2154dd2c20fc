import { expect, test } from 'vitest';
import { furtherTargets } from '../../../src/ami/warm/further-targets.ts';
import type { TargetSettings } from '../../../src/config/settings.ts';

const target = (name: string): TargetSettings => ({
  name,
  inherits: [],
  lane: name,
  cache: { mode: 'max', compression: 'zstd' },
  image: { compression: 'gzip', push: true },
  args: {},
});

test('all configured targets that the trusted build made are warmed, but none for other platforms, and no other of the file', () => {
  const config = {
    targets: {
      app: {},
      wheels: { platforms: ['linux/amd64'] },
      both: { platforms: ['linux/arm64', 'linux/amd64'] },
      arm: { platforms: ['linux/arm64'] },
      helper: {},
    },
  };
  const targets = ['wheels', 'app', 'arm', 'both', 'not-built'].map(target);
  expect(furtherTargets(config, targets, { judged: 'app' }).map(({ name }) => name)).toEqual([
    'wheels',
    'both',
  ]);
});
