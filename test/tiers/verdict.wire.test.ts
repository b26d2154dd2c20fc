import { execa } from 'execa';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROJECT } from '../../parts/project.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'warmbake-verdict-'));
  await symlink(path.join(PROJECT, 'node_modules'), path.join(directory, 'node_modules'));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

/** What `.ci/run` says last of a run of these tests. */
async function verdictOn(tests: string, { status = 0 } = {}) {
  const results = path.join(directory, 'results.json');
  await rm(results, { force: true });
  const reporter = JSON.stringify(path.join(PROJECT, 'test/tiers/reporter.ts'));
  const config = `import { TierReporter } from ${reporter};
export default { test: { reporters: [new TierReporter(${JSON.stringify(results)})], include: ['*.case.mjs'] } };`;
  await writeFile(path.join(directory, 'vitest.config.mjs'), config);
  await writeFile(path.join(directory, 'a.case.mjs'), `import { expect, test } from 'vitest';\n${tests}`);
  const vitest = path.join(PROJECT, 'node_modules/vitest/vitest.mjs');
  await execa(process.execPath, [vitest, 'run'], { cwd: directory, reject: false });
  const argv = [path.join(PROJECT, '.ci/verdict.cjs'), String(status), results];
  const { exitCode, stdout } = await execa(process.execPath, argv, { reject: false });
  return { exitCode, lines: stdout.split('\n') };
}

const PASSES = `test('a', () => {});`;

describe('the last line of a whole run', () => {
  test.each([
    ['all pass', PASSES, 0, ['1 passed, 0 failed']],
    ['one fails', `${PASSES} test('b', () => { expect(1).toBe(2); });`, 1, ['1 passed, 1 failed']],
    [
      'one says why it was skipped: that is told, and no failure',
      `${PASSES} test('b', ({ skip }) => skip('no Go toolchain on PATH'));`,
      0,
      ['1 skipped: no Go toolchain on PATH', '1 passed, 0 failed'],
    ],
    [
      'some were skipped and nobody says why',
      `${PASSES} test.skip('b', () => {}); test.todo('c');`,
      1,
      ['2 skipped without a reason, which counts as failed here', '1 passed, 2 failed'],
    ],
    ['a file does not load', `throw new Error('broken');`, 1, ['0 passed, 1 failed']],
  ])('where %s', async (_, tests, exitCode, lines) => {
    const status = tests.startsWith('throw') ? 1 : 0;
    expect(await verdictOn(tests, { status })).toEqual({ exitCode, lines });
  });

  test('where all tests pass and the check before them failed', async () => {
    expect(await verdictOn(PASSES, { status: 1 })).toEqual({ exitCode: 1, lines: ['1 passed, 1 failed'] });
  });

  test('where nothing was written', async () => {
    const argv = [path.join(PROJECT, '.ci/verdict.cjs'), '0', path.join(directory, 'none.json')];
    const { exitCode, stdout } = await execa(process.execPath, argv, { reject: false });
    expect([exitCode, stdout.split('\n')]).toEqual([
      1,
      ['no test results were written to none.json', '0 passed, 1 failed'],
    ]);
  });
});
