import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { type Counts, sumOfCounts } from './counts.ts';

const UNEXPLAINED = 'no reason given';

interface Tier {
  passed: number;
  failed: number;
  milliseconds: number;
  /** Reasons of skipped tests, with how many of each. */
  readonly skipped: Map<string, number>;
  /** Tests that failed and passed at their second try, by file and name. */
  readonly flaky: string[];
}

function count(tier: Tier, module: TestModule): void {
  tier.milliseconds += module.diagnostic().duration;
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (test.diagnostic()?.flaky === true)
      tier.flaky.push(`${test.module.relativeModuleId} > ${test.fullName}`);
    if (result.state === 'passed') tier.passed += 1;
    else if (result.state === 'failed') tier.failed += 1;
    else {
      const because = (result.state === 'skipped' ? result.note : undefined) ?? UNEXPLAINED;
      tier.skipped.set(because, (tier.skipped.get(because) ?? 0) + 1);
    }
  }
}

function linesOf(name: string, tier: Tier): string[] {
  const skips = [...tier.skipped].map(([because, tests]) => `           ${tests} skipped: ${because}`);
  const numbers = `${String(tier.passed).padStart(5)} passed, ${tier.failed} failed`;
  const flaky = tier.flaky.map((test) => `           passed at the second try only: ${test}`);
  return [
    `${name.padStart(5)} ${numbers}, ${(tier.milliseconds / 1000).toFixed(1)} s in tests`,
    ...skips,
    ...flaky,
  ];
}

function countsOf({ passed, failed, skipped }: Tier): Counts {
  const { [UNEXPLAINED]: unexplained = 0, ...explained } = Object.fromEntries(skipped);
  return { passed, failed, unexplained, skipped: explained };
}

/** Ends the run with one line a tier, with the reason of everything that was skipped, and with what passed at its second try only. */
export class TierReporter implements Reporter {
  /** Gets the counts as JSON, for `.ci/run`. */
  readonly #results: string | undefined;

  constructor(results?: string) {
    this.#results = results;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const tiers = new Map<string, Tier>();
    for (const module of modules) {
      const name = module.project.name;
      const tier = tiers.get(name) ?? {
        passed: 0,
        failed: 0,
        milliseconds: 0,
        skipped: new Map(),
        flaky: [],
      };
      tiers.set(name, tier);
      count(tier, module);
    }
    if (this.#results !== undefined)
      writeFileSync(this.#results, JSON.stringify(sumOfCounts([...tiers.values()].map(countsOf))));
    console.log(['', ...[...tiers].flatMap(([name, tier]) => linesOf(name, tier))].join('\n'));
  }
}
