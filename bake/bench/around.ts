import type { Engine } from '../../parts/engine.ts';
import type { Registry } from '../../parts/registry.ts';
import { tableLines } from '../../src/cli/table.ts';
import { type Job, makeJob } from './job.ts';
import { inTurns } from './measure.ts';

/** Rounds that count; odd, for a median that was measured. */
const ROUNDS = 7;

const COMPARISONS = [
  { name: 'build, all warm', ours: 'build', theirs: 'bareBake', beside: 'docker buildx bake' },
  { name: 'build, all warm', ours: 'build', theirs: 'script', beside: 'a script of docker calls' },
  { name: 'build, image exists', ours: 'skip' },
  { name: 'plan', ours: 'plan' },
  { name: '--version', ours: 'version', theirs: 'emptyProgram', beside: 'an empty Node program' },
] as const satisfies readonly {
  readonly name: string;
  readonly ours: keyof Job;
  readonly theirs?: keyof Job;
  readonly beside?: string;
}[];

/** One line of the table: seconds until the end, and in brackets of the processors. */
async function row(job: Job, comparison: (typeof COMPARISONS)[number], scratch: string): Promise<string[]> {
  const theirs = 'theirs' in comparison ? [job[comparison.theirs]] : [];
  const [ours, other] = await inTurns([job[comparison.ours], ...theirs], { rounds: ROUNDS, scratch });
  const seconds = (cost: typeof ours): string =>
    cost === undefined ? '' : `${cost.wall.toFixed(2)} (${cost.cpu.toFixed(2)})`;
  const ratio =
    ours === undefined || other === undefined
      ? ''
      : `${(ours.wall / other.wall).toFixed(2)} (${(ours.cpu / other.cpu).toFixed(2)})`;
  return [
    comparison.name,
    seconds(ours),
    'beside' in comparison ? comparison.beside : '',
    seconds(other),
    ratio,
  ];
}

/** What the tool itself takes around a build, beside what others take for the same; the lines of a table. */
export async function measureAround(
  engine: Engine,
  registry: Registry,
  scratch: string,
): Promise<readonly string[]> {
  await using job = await makeJob(engine, registry);
  const rows = [];
  for (const comparison of COMPARISONS) rows.push(await row(job, comparison, scratch));
  return tableLines(['what', 'seconds (of processors)', 'beside', 'seconds', 'ratio'], rows);
}
