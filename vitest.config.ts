import { defineConfig } from 'vitest/config';
import { TierReporter } from './test/tiers/reporter.ts';

/** Where `.ci/run` wants the counts. */
const results = process.env['WARMBAKE_TEST_RESULTS'];
const WIRE = 'test/**/*.wire.test.ts';
const REAL = 'test/**/*.real.test.ts';

export default defineConfig({
  test: {
    reporters: [
      'default',
      new TierReporter(),
      ...(results === undefined ? [] : [['json', { outputFile: results }] satisfies [string, object]]),
    ],
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [WIRE, REAL] } },
      { test: { name: 'wire', include: [WIRE], testTimeout: 20_000 } },
      {
        test: {
          name: 'real',
          include: [REAL],
          globalSetup: ['test/tiers/start.ts'],
          // Builds are measured against each other and share one engine: one file at a time, after the other tiers.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
