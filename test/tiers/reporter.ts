import type { Reporter, TestModule } from 'vitest/node';

interface Tier {
  passed: number;
  failed: number;
  milliseconds: number;
  /** Reasons of skipped tests, with how many of each. */
  readonly skipped: Map<string, number>;
}

function count(tier: Tier, module: TestModule): void {
  tier.milliseconds += module.diagnostic().duration;
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === 'passed') tier.passed += 1;
    else if (result.state === 'failed') tier.failed += 1;
    else {
      const because = (result.state === 'skipped' ? result.note : undefined) ?? 'no reason given';
      tier.skipped.set(because, (tier.skipped.get(because) ?? 0) + 1);
    }
  }
}

function linesOf(name: string, tier: Tier): string[] {
  const skips = [...tier.skipped].map(([because, tests]) => `           ${tests} skipped: ${because}`);
  const numbers = `${String(tier.passed).padStart(5)} passed, ${tier.failed} failed`;
  return [`${name.padStart(5)} ${numbers}, ${(tier.milliseconds / 1000).toFixed(1)} s in tests`, ...skips];
}

/** Ends the run with one line a tier, and with the reason of everything that was skipped. */
export class TierReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tiers = new Map<string, Tier>();
    for (const module of modules) {
      const name = module.project.name;
      const tier = tiers.get(name) ?? { passed: 0, failed: 0, milliseconds: 0, skipped: new Map() };
      tiers.set(name, tier);
      count(tier, module);
    }
    console.log(['', ...[...tiers].flatMap(([name, tier]) => linesOf(name, tier))].join('\n'));
  }
}
