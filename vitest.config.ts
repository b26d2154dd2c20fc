import { defineConfig } from 'vitest/config';
import { TierReporter } from './test/tiers/reporter.ts';

/** Where `.ci/run` wants the counts. */
const results = process.env['WARMBAKE_TEST_RESULTS'];
const WIRE = 'test/**/*.wire.test.ts';
const REAL = 'test/**/*.real.test.ts';
const SLOW = 'test/**/*.slow.test.ts';

/**
 * Only for what never ends: a busy machine takes ten times as long as a quiet one. What a test may cost it says by work done (calls,
 * requests, points), not by time.
 */
const NEVER_ENDS = 120_000;

/**
 * Tests on a real engine get a second try in CI, and the run ends with the names of those that needed it: other machines' engines fail
 * now and then in ways that are nobody's here. Proofs that something comes out the same every time say `retry: 0`; unit and wire
 * tests have none.
 */
const retry = process.env['CI'] === 'true' ? 1 : 0;

/** Of every worker. The AWS SDK announces the end of Node 20 at each start; the program turns that off for its users as well. */
const env = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
const shared = { env, testTimeout: NEVER_ENDS, hookTimeout: NEVER_ENDS };

export default defineConfig({
  test: {
    reporters: ['default', new TierReporter(results)],
    projects: [
      { test: { ...shared, name: 'unit', include: ['test/**/*.test.ts'], exclude: [WIRE, REAL, SLOW] } },
      { test: { ...shared, name: 'wire', include: [WIRE] } },
      // Proofs that cost minutes of a core: `npm run test:slow`.
      {
        test: {
          ...shared,
          retry,
          name: 'slow',
          include: [SLOW],
          globalSetup: ['test/tiers/start.ts'],
          fileParallelism: false,
        },
      },
      {
        test: {
          ...shared,
          retry,
          name: 'real',
          include: [REAL],
          globalSetup: ['test/tiers/start.ts'],
          // Builds are measured against each other and share one engine: one file at a time, after the other tiers.
          fileParallelism: false,
        },
      },
    ],
  },
});
