import type { FamilySettings } from '../../src/config/families.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** A family with four stacks, the first of them the canary. */
export const FAMILY: FamilySettings = {
  key: 'cpu',
  name: 'app-build',
  region: 'us-east-1',
  parameter: '/ci/app-image',
  network: { securityGroup: '/ci/security-group', subnet: '/ci/subnet' },
  shareWith: { accounts: [], organizations: [] },
  rollbackTeams: [],
  baseStack: '6.21.0',
  warm: { target: 'test', step: 'image-build', minimumBytes: 20e9, longestStepMs: 120_000 },
  stacks: ['pull-requests', 'main', 'small-release', 'release'],
  canary: { stack: 'pull-requests', watchMs: 600_000, requireProof: false },
  disk: { kind: 'lazy' },
  keep: { newest: 3, minimumAgeMs: 3 * DAY, deletePerRun: 3 },
  queue: 'image-builders',
  maximumAgeMs: 48 * HOUR,
  notify: [{ slack: '#builds' }],
};
