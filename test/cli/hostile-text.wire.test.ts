import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { MAIN, pushTo } from '../../parts/ci-job/variables.ts';
import { statusParts, type StatusView } from '../../src/cli/commands/ami/status-text.ts';
import { type Look, pageOf } from '../../src/cli/door.ts';
import { pagePainter } from '../../src/cli/page.ts';
import { type FixtureRegistry, startFixtureRegistry } from '../registry/fixture-registry.ts';
import { expectSafeLog } from './safe-log.ts';

/** All that a text can do to a log, at once. */
const EVIL =
  'x\u001B[2J\u001B]0;title\u0007\u009B5A\r\b\u202Eevil\u2066\u200B\n--- forged\n+++ forged\n^^^ +++\n\u001B[31m~~~ forged\nwarning: forged: all is well';

let registry: FixtureRegistry;
let agent: Agent;
beforeAll(async () => {
  registry = await startFixtureRegistry();
  agent = await makeAgent({ PATH: process.env['PATH'] ?? '' }, { images: registry.host });
});
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

describe('a text from outside is text, in a log and in a document', () => {
  it("a registry's error", async () => {
    registry.interfere = (_, answer) => {
      answer.writeHead(400, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ errors: [{ code: 'BAD', message: EVIL }] }));
      return 'answered';
    };
    const args = ['promote', `${registry.host}/team/app:1`, 'latest'];
    const told = await agent.run(args, MAIN, { clock });
    registry.interfere = () => undefined;
    expect(told.exitCode).toBe(5);
    expect(told.stderr).toContain('--- forged');
    expect(told.stderr).not.toMatch(/^warning: forged/m);
    expectSafeLog(told.stderr);
  });

  it('the name of a branch, which stays the same in the document', async () => {
    const branch = 'work\u202Egpj.exe\u2066';
    const told = await agent.run(['build', '--explain-context'], pushTo(branch), { clock });
    expect(told).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('branch workgpj.exe, untrusted'),
    });
    expectSafeLog(told.stdout);
    const { stdout } = await agent.run(['build', '--explain-context', '--json'], pushTo(branch), { clock });
    expect(JSON.parse(stdout)).toMatchObject({ context: { branch } });
    expect(stdout).toContain('work\\u202egpj');
    expectSafeLog(stdout);
    const refused = await agent.run(['build'], pushTo('work\u001B[2J\n--- x'), { clock });
    expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("is 'work?[2J?--- x'") });
    expectSafeLog(refused.stderr, /^--- What this build is$/);
  });

  it('what the command line says', async () => {
    for (const args of [
      ['plan', `--${EVIL}`],
      [EVIL],
      ['plan', EVIL],
      ['promote', EVIL, 'x'],
      ['plan', '--config', EVIL],
    ]) {
      const told = await agent.run(args, MAIN, { clock });
      expect(told.exitCode).toBeGreaterThan(0);
      expectSafeLog(told.stdout + told.stderr);
    }
  });

  it('a configuration, its keys and values', async () => {
    const file = path.join(agent.checkout.directory, 'evil.yaml');
    await writeFile(file, JSON.stringify({ [EVIL]: 1, repository: EVIL, trustedBranch: EVIL }));
    const told = await agent.run(['plan', '--config', file], MAIN, { clock });
    expect(told.exitCode).toBe(3);
    expectSafeLog(told.stderr);
    const inJson = await agent.run(['plan', '--json', '--config', file], MAIN, { clock });
    expectSafeLog(inJson.stdout);
    expect(JSON.parse(inJson.stdout)).toMatchObject({ error: { code: 'invalid-configuration' } });
  });

  it('what a program says that is asked', async () => {
    const quoted = EVIL.replaceAll('\n', '\\n');
    await agent.program('git', `printf '${quoted}' >&2; exit 1`);
    await mkdir(path.join(agent.checkout.path, 'ci'), { recursive: true });
    const told = await agent.run(['plan', '--config', 'ci/x.yaml'], pushTo('work'), { clock });
    expect(told.exitCode).toBeGreaterThan(0);
    expectSafeLog(told.stderr);
  });
});

it("a state store's lock and journal have a line each in the status, whatever they say", () => {
  const at = new Date(0);
  const run = {
    id: 'r',
    job: 'roll',
    command: EVIL,
    by: EVIL,
    started: at,
    writes: [],
    ended: { at, outcome: 'failed', error: EVIL },
  } as const;
  const view = (text: string): StatusView => ({
    status: {
      key: 'cpu',
      region: 'us-east-1',
      parameter: '/p',
      desired: { state: 'other', text },
      hold: { state: 'unreadable', text },
      stacks: [],
      instances: [],
      images: [],
      drift: [{ kind: 'x', message: text, fix: text, alarming: true }],
      missing: [text],
    } as unknown as StatusView['status'],
    work: {
      lock: { state: 'held', holder: { id: 'l', by: text, command: text, since: at, expires: at } },
      unfinished: { ...run, command: text, by: text, ended: { ...run.ended, error: text } },
    },
    busy: new Map(),
  });
  const look: Look = { colour: true, log: 'buildkite' };
  const shown = (text: string, columns?: () => number) =>
    statusParts(view(text), at).flatMap(
      pagePainter({ ...look, ...(columns === undefined ? {} : { columns }) }),
    );
  expect(shown(EVIL)).toHaveLength(shown('x').length);
  expectSafeLog(pageOf(look, shown(EVIL)));
  expectSafeLog(
    pageOf(
      look,
      shown(EVIL, () => 80),
    ),
  );
});
