import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PROJECT } from '../../parts/project.ts';
import { columnsOf } from '../../src/cli/fit.ts';
import { push } from '../context/recorded.ts';

const CONFIGURATION = `
repository: github.com/acme/app
images: { registry: registry.example.com/acme, trusted: app-main, untrusted: app-test }
cache: { registry: 123456789012.dkr.ecr.us-east-1.amazonaws.com, trusted: app-main-cache, untrusted: app-test-cache }
bake: { files: [docker-bake.hcl] }
targets: { app: { inherits: [_app] }, worker: { inherits: [_app], lane: worker } }
`;

/** util-linux's \`script\` gives a program a terminal; other systems' take other options. */
const hasScript = (await execa('script', ['--version'], { reject: false })).stdout.includes('util-linux');
let checkout: string;

beforeAll(async () => {
  checkout = await mkdtemp(path.join(tmpdir(), 'warmbake-terminal-'));
  await writeFile(path.join(checkout, 'warmbake.yaml'), CONFIGURATION);
  await writeFile(path.join(checkout, 'docker-bake.hcl'), '');
  const git = async (...argv: readonly string[]) => await execa('git', argv, { cwd: checkout });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
  await git(...who, 'commit', '--quiet', '--message=one');
});
afterAll(async () => await rm(checkout, { recursive: true, force: true }));
beforeEach(({ skip }) => {
  if (!hasScript) skip("there is no util-linux 'script', which gives programs a terminal");
});

/** What the built program shows in a terminal of that many columns. */
async function screenOf(
  words: string,
  { columns, env = {} }: { readonly columns: number; readonly env?: Readonly<Record<string, string>> },
): Promise<readonly string[]> {
  const program = path.join(PROJECT, 'dist/src/main.js');
  const command = `stty cols ${columns} rows 40; '${process.execPath}' '${program}' ${words}`;
  const { stdout } = await execa('script', ['--quiet', '--command', command, '/dev/null'], {
    cwd: checkout,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: checkout,
      SHELL: '/bin/sh',
      TERM: 'xterm-256color',
      ...env,
    },
    extendEnv: false,
    stdin: 'ignore',
  });
  return stdout.split(/\r?\n/);
}

const EXPLAIN = 'build --explain-context --push';
const COLOUR = /\u001B\[/;
const uncoloured = (line: string): string => line.replaceAll(/\u001B\[[\d;]*m/g, '');

describe.each([80, 120, 200])('in a terminal of %i columns', (columns) => {
  it('no line is wider, and the registry is said once', async () => {
    const lines = await screenOf(EXPLAIN, { columns });
    expect(lines).toContain('targets  app, worker (lane worker)');
    expect(lines.filter((line) => columnsOf(line) > columns)).toEqual([]);
    expect(lines.join('\n').split('123456789012.dkr.ecr')).toHaveLength(2);
  });

  it('an error is wrapped, and its head alone has a colour that can be read on light and dark', async () => {
    const lines = await screenOf(
      `plan ${'no-such-target '.repeat(1)} --offline --config ${'x'.repeat(70)}.yaml`,
      {
        columns,
      },
    );
    expect(lines[0]).toMatch(/^\u001B\[31merror:\u001B\[39m/);
    const tooWide = lines
      .map(uncoloured)
      .filter((line) => columnsOf(line) > columns && line.trim().includes(' '));
    expect(tooWide).toEqual([]);
  });
});

it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])(
  'with %j there is no control sequence, and lines fit all the same',
  async (env) => {
    const lines = [
      ...(await screenOf(EXPLAIN, { columns: 80, env })),
      ...(await screenOf('plan no-such-target --offline', { columns: 80, env })),
    ];
    expect(lines.filter((line) => COLOUR.test(line) || columnsOf(line) > 80)).toEqual([]);
  },
);

it.each([
  ['a pipe', `${EXPLAIN} | cat`, {}],
  ['--wide', `${EXPLAIN} --wide`, {}],
  [
    "the terminal of a CI job's agent",
    `${EXPLAIN} --config warmbake.yaml --config-from checkout`,
    push('work'),
  ],
])('%s has every ref whole, to be searched', async (_, words, env) => {
  const text = (await screenOf(words, { columns: 80, env })).join('\n');
  expect(text).toMatch(
    / 123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com\/app-test-cache:[0-9a-f]{40}-worker\n/,
  );
  expect(text).not.toMatch(/…|registry /);
});

it('COLUMNS counts more than the terminal', async () => {
  const lines = await screenOf(EXPLAIN, { columns: 200, env: { COLUMNS: '60' } });
  expect(lines.filter((line) => columnsOf(line) > 60 && line.trim().includes(' '))).toEqual([]);
});
