import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutSummary, githubOutput, SUMMARY_LIMIT } from '../../../src/ci/report/github-text.ts';
import { markdown } from '../../../src/ci/report/markdown.ts';
import { openReport } from '../../../src/ci/report/open-report.ts';
import { openHost } from '../../registry/fixture-host.ts';
import { githubOutputs } from './github-outputs.ts';

/** A runner's folder with the files of a step, and a checkout. */
async function openStep(change: { readonly env?: Readonly<Record<string, string>> } = {}) {
  const host = await openHost();
  const inside = (name: string): string => path.join(host.home, name);
  await mkdir(inside('work/app'), { recursive: true });
  await mkdir(inside('_temp'));
  const [summary, output] = [inside('_temp/summary'), inside('_temp/output')];
  for (const file of [summary, output]) await writeFile(file, '');
  const env = {
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: inside('work'),
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_OUTPUT: output,
    ...change.env,
  };
  return { host, inside, summary, output, report: openReport({ ...host, env }), env };
}

describe('the report of a GitHub step', () => {
  it('appends its summary and its outputs to what the step has written', async () => {
    const { host, summary, output, report } = await openStep();
    await using _ = host;
    await writeFile(summary, 'before\n');
    await writeFile(output, 'mine=1\n');
    expect(await report.annotate('warmbake-build', 'info', markdown`- **app** built`)).toBe(true);
    await report.setOutputs([
      ['outcome', 'built'],
      ['tags', 'a:1\na:2'],
    ]);
    expect(await readFile(summary, 'utf8')).toBe('before\n#### `warmbake-build`\n\n- **app** built\n');
    expect(githubOutputs(await readFile(output, 'utf8'))).toEqual({
      mine: '1',
      outcome: 'built',
      tags: 'a:1\na:2',
    });
    expect(host.warnings).toEqual([]);
  });

  it('no text can end itself and write outputs of its own: nobody knows the line that does', async () => {
    const { host, output, report } = await openStep();
    await using _ = host;
    await report.setOutputs([['image', 'x\nEOF\nend\nend-\nevil=1\nevil<<EOF\n2\nEOF']]);
    await report.setOutputs([['image', 'y']]);
    const text = await readFile(output, 'utf8');
    expect(Object.keys(githubOutputs(text))).toEqual(['image']);
    const [first, second] = [...text.matchAll(/^image<<(.+)$/gm)].map(([, delimiter]) => delimiter);
    expect(first).toMatch(/^end-[0-9a-f-]{36}$/);
    expect(second).not.toBe(first);
  });

  it('any text comes out as it went in', () => {
    expect.hasAssertions();
    const text = fc.string({ unit: fc.constantFrom('a', '=', '<<', '\n', 'EOF', '%0A', '::', ' ') });
    fc.assert(
      fc.property(text, text, (one, two) => {
        const file = githubOutput(['one', one], 'end-1') + githubOutput(['two', two], 'end-2');
        expect(githubOutputs(file)).toEqual({ one, two });
      }),
    );
  });

  it.each([
    [
      'a link, which a checkout could have planted',
      async (file: string) => await symlink('/etc/hostname', file),
    ],
    ['a folder', async (file: string) => await mkdir(file)],
    ['a pipe that nobody reads', async (file: string) => await promisify(execFile)('mkfifo', [file])],
    ['nothing', async () => await Promise.resolve()],
  ])('where the file is %s, it is a warning and nothing else', async (_what, make) => {
    const { host, inside, env } = await openStep();
    await using _ = host;
    const file = inside('_temp/other');
    await make(file);
    const report = openReport({ ...host, env: { ...env, GITHUB_OUTPUT: file, GITHUB_STEP_SUMMARY: file } });
    await report.setOutputs([['outcome', 'built']]);
    expect(await report.annotate('x', 'info', markdown`x`)).toBe(false);
    expect(host.warnings).toEqual(
      ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY'].map((name) => ({
        code: 'github-report',
        message: expect.stringContaining(`nothing was written to ${name}: `),
      })),
    );
  });

  it('a device is no file', async () => {
    const { host, env } = await openStep();
    await using _ = host;
    await openReport({ ...host, env: { ...env, GITHUB_OUTPUT: '/dev/null' } }).setOutputs([
      ['outcome', 'built'],
    ]);
    expect(host.warnings).toMatchObject([{ message: expect.stringContaining("'/dev/null' is not a file") }]);
  });

  it('a file of the checkout is not written, nor one that a link of a folder leads to', async () => {
    const { host, inside, env } = await openStep();
    await using _ = host;
    const victim = inside('work/app/victim');
    await writeFile(victim, 'as it was');
    await symlink(inside('work/app'), inside('_temp/linked'));
    for (const file of [victim, inside('_temp/linked/victim'), 'work/app/victim']) {
      await openReport({ ...host, env: { ...env, GITHUB_OUTPUT: file } }).setOutputs([['outcome', 'built']]);
    }
    expect(await readFile(victim, 'utf8')).toBe('as it was');
    expect(host.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining('is in the checkout'),
      expect.stringContaining('is in the checkout'),
      expect.stringContaining('is no absolute path'),
    ]);
  });

  it('a runner that names no files gets nothing, and no warning', async () => {
    const { host, report } = await openStep({ env: { GITHUB_OUTPUT: '', GITHUB_STEP_SUMMARY: '' } });
    await using _ = host;
    expect(await report.annotate('x', 'info', markdown`x`)).toBe(true);
    await report.setOutputs([['outcome', 'built']]);
    expect(host.warnings).toEqual([]);
  });

  it('a summary stays below what GitHub takes of a step, in whole lines, and says what is left out', async () => {
    expect(cutSummary('a\n', 0)).toBe('a\n');
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.nat(SUMMARY_LIMIT + 100), fc.array(fc.string(), { maxLength: 50 }), (taken, lines) => {
        const text = lines.map((line) => `${line.replaceAll('\n', '')}ü\n`).join('');
        const cut = cutSummary(text, taken);
        expect(taken + Buffer.byteLength(cut) <= SUMMARY_LIMIT || cut === '').toBe(true);
        const [kept = '', ...more] = cut.split('\nThe rest is left out');
        expect(text.startsWith(kept)).toBe(true);
        // Either all of it, nothing, or whole lines and the sentence.
        expect(more.length === 1 ? /^$|ü\n?$/.test(kept) : cut === text || cut === '').toBe(true);
      }),
    );
    const { host, summary, report } = await openStep();
    await using _ = host;
    await writeFile(summary, 'x'.repeat(SUMMARY_LIMIT - 100));
    await report.annotate('warmbake', 'info', markdown`- one${'y'.repeat(200)}`);
    const text = await readFile(summary, 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(SUMMARY_LIMIT);
    expect(text.slice(SUMMARY_LIMIT - 100)).toBe(
      '#### `warmbake`\n\n\nThe rest is left out: GitHub shows 1 MiB of a step.\n',
    );
  });
});

it.each([{}, { GITLAB_CI: 'true' }, { CI: 'true' }, { WARMBAKE_CI: 'other' }])(
  'with %j nothing is told but the log, whatever variables of other systems there are',
  async (system) => {
    const { host, output, summary } = await openStep();
    await using _ = host;
    const env = { ...system, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary };
    const report = openReport({ ...host, env });
    expect(report.annotations).toBe('nowhere');
    expect(await report.annotate('x', 'info', markdown`x`)).toBe(true);
    await report.setOutputs([['outcome', 'built']]);
    await report.uploadArtifact('/nowhere');
    expect([await readFile(output, 'utf8'), await readFile(summary, 'utf8')]).toEqual(['', '']);
  },
);
