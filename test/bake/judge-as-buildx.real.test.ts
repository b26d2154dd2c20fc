import { describe, expect } from 'vitest';
import { test } from '../tiers/real.ts';
import { comparison } from './compared-verdicts.ts';

describe.each(['engine', 'oldBuildx'] as const)('a definition that the buildx of %s prints', (which) => {
  test('gets a verdict that is never milder than that of the newest buildx', async ({
    engine,
    oldBuildx,
  }) => {
    const prints = { engine: engine.buildx[0], oldBuildx }[which].plugin;
    const checks = engine.buildx[0].plugin;
    const found = await comparison({ prints, checks, targets: 150, seeds: [1], alsoAsked: 20 });
    expect(found).toMatchObject({ milder: [], failed: [] });
    // The targets are worth the comparison: most are read, and both verdicts are common.
    expect(found.judged).toBeGreaterThan(140);
    expect(Math.min(found.accepted, found.refused)).toBeGreaterThan(40);
    expect(found.refusedByBoth).toBeGreaterThan(10);
  });
});
