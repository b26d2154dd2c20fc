import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { type Counts, sumOfCounts } from './counts.ts';
import { PROJECT } from '../../parts/project.ts';

/** Run beside each other: a real build waits for disk and registry most of the time. */
const SIDE_BY_SIDE = [['unit', 'wire'], ['real']] as const;

/** Vitest, without npx: that is a process more, which says what it thinks of npm's configuration. */
const VITEST = [path.join(PROJECT, 'node_modules/vitest/vitest.mjs'), 'run'];

async function run(projects: readonly string[], results: string, live: boolean): Promise<number> {
  const argv = [...VITEST, ...projects.map((p) => `--project=${p}`)];
  const vitest = execa(process.execPath, argv, {
    env: { WARMBAKE_TEST_RESULTS: results },
    reject: false,
    stdin: 'ignore',
    ...(live ? { stdout: 'inherit', stderr: 'inherit' } : { all: true }),
  });
  const finished = await vitest;
  if (!live) console.log(finished.all);
  return finished.exitCode ?? 1;
}

/** `npm test`: all tiers but the slow one. With arguments it is plain `vitest run ARGUMENT...`. */
async function main(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    const vitest = execa(process.execPath, [...VITEST, ...args], { stdio: 'inherit', reject: false });
    return (await vitest).exitCode ?? 1;
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-results-'));
  try {
    const files = SIDE_BY_SIDE.map((_, i) => path.join(directory, `${i}.json`));
    const codes = await Promise.all(
      SIDE_BY_SIDE.map(async (projects, i) => await run(projects, files[i] ?? '', i === 0)),
    );
    const wanted = process.env['WARMBAKE_TEST_RESULTS'];
    if (wanted !== undefined) await writeFile(wanted, JSON.stringify(await sum(files)));
    return Math.max(...codes);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function sum(files: readonly string[]): Promise<Counts> {
  return sumOfCounts(
    await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as Counts)),
  );
}

process.exitCode = await main(process.argv.slice(2));
