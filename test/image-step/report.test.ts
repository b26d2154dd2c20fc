import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { BuildContext } from '../../src/context/context.ts';
import { keptGroups } from '../../src/bake/kept-groups.ts';
import { report, type ReportedBuild } from '../../src/image-step/report.ts';
import { readSwitches } from '../../src/image-step/switches.ts';
import { VERSION } from '../../src/platform/version.ts';
import { openHost } from '../registry/fixture-host.ts';

const CONTEXT: BuildContext = {
  origin: { kind: 'branch', branch: 'main' },
  trusted: true,
  because: '',
  build: { number: '7', id: 'x' },
};

/** What a build of targets with these lanes uploads, and how many calls of the agent ran at a time. */
async function uploadsOf(
  lanes: readonly string[],
  outcome: ReportedBuild['outcome'] = 'built',
  groups: ReportedBuild['plan']['groups'] = new Map(),
) {
  await using host = await openHost({ env: { BUILDKITE: 'true' } });
  await mkdir(host.scratch);
  const uploaded: string[] = [];
  const texts: string[] = [];
  let [running, most] = [0, 0];
  const processes: typeof host.processes = {
    run: async ({ argv, cwd = '' }) => {
      if (argv[1] === 'artifact') {
        uploaded.push(argv.at(-1) ?? '');
        texts.push(await readFile(path.join(cwd, argv.at(-1) ?? ''), 'utf8'));
      }
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running -= 1;
      return { exitCode: 0, stdout: '', stderr: '' };
    },
  };
  const plan = {
    context: CONTEXT,
    definition: {},
    groups,
    switches: readSwitches({}, VERSION),
    targets: lanes.map((lane, i) => ({ settings: { name: `t${i}`, lane } })),
  };
  await report({ host: { ...host, processes } }, { outcome, targets: [], warnings: [], plan });
  return { uploaded: uploaded.toSorted(), most, texts };
}

it('the definition is uploaded once a lane, however many targets have that, all beside the annotation', async () => {
  expect(await uploadsOf(['', '', 'cpu', ''])).toMatchObject({
    uploaded: ['bake-config-build-7-cpu.json', 'bake-config-build-7.json'],
    most: 3,
  });
});

it('the definition of a build that failed is not uploaded', async () => {
  expect(await uploadsOf([''], 'failed')).toMatchObject({ uploaded: [], most: 1 });
});

it('beside the definition it is uploaded what groups stand for: the job of the machine image reads that', async () => {
  const groups = new Map([['all', ['a', 'b']]]);
  const { texts } = await uploadsOf([''], 'built', groups);
  expect(keptGroups(JSON.parse(texts[0] ?? ''))).toEqual(groups);
});

it('in GitHub the summary is written once, after what went wrong with the outputs', async () => {
  await using host = await openHost({ env: { GITHUB_ACTIONS: 'true' } });
  const summary = path.join(host.home, 'summary');
  await writeFile(summary, '');
  const env = { ...host.env, GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: path.join(host.home, 'missing') };
  const plan = { context: CONTEXT, definition: {}, groups: new Map(), switches: readSwitches({}, VERSION) };
  const target = { settings: { name: 'app', lane: '' } };
  await report(
    { host: { ...host, env, scratch: '/nowhere' } },
    { outcome: 'built', targets: [], warnings: host.warnings, plan: { ...plan, targets: [target] } },
  );
  const text = await readFile(summary, 'utf8');
  expect(text.match(/^####/gm)).toHaveLength(1);
  expect(text).toContain('#### `warmbake-app`\n');
  expect(text).toContain('- github-report: nothing was written to GITHUB&#95;OUTPUT&#58; ');
});
