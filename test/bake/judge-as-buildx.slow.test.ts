import { expect } from 'vitest';
import { test } from '../tiers/real.ts';
import { comparison } from './compared-verdicts.ts';

test.for([
  ['newest', [11, 12, 13]],
  ['oldest', [21, 22]],
] as const)(
  'of thousands of targets that the %s buildx prints, none gets a milder verdict than that of the newest',
  { timeout: 600_000 },
  async ([which, seeds], { engine, oldBuildx }) => {
    const checks = engine.buildx[0].plugin;
    const prints = which === 'newest' ? checks : oldBuildx.plugin;
    const found = await comparison({ prints, checks, targets: 1000, seeds, alsoAsked: 50 });
    const { milder, failed, ...counts } = found;
    console.log(`${which} buildx: ${JSON.stringify(counts)}`);
    expect({ milder, failed }).toEqual({ milder: [], failed: [] });
    expect(Math.min(found.accepted, found.refused)).toBeGreaterThan(300 * seeds.length);
  },
);
