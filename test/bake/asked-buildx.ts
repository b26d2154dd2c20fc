import { createServer } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { bakeFile } from '../../src/bake/bake-file.ts';
import { ESCAPE_CANARY_FILE, takeCanary } from '../../src/bake/escape-canary.ts';
import { ESCAPE_CANARY } from '../../src/config/reserved-names.ts';
import type { Target } from './spellings.ts';

/** What bake printed of some targets, and how to read it. */
export interface Printed {
  readonly target: Readonly<Record<string, Target>>;
  readonly printsEscaped: boolean;
}

/** A buildx that prints targets and says what they ask for; it builds nothing. */
export interface AskedBuildx extends AsyncDisposable {
  /** What each file's targets are printed as; `undefined` for a file that this buildx cannot read. No name may be in two of them. */
  print(files: readonly Readonly<Record<string, Target>>[]): Promise<readonly (Printed | undefined)[]>;
  /**
   * What is asked for leave for when `name` is baked of what was printed, as buildx words it; `error` where it does not get that far.
   * About one target a call: 0.29 forgets what some of several ask for.
   */
  ask(
    printed: Printed,
    name: string,
  ): Promise<{ readonly asked: readonly string[]; readonly error?: string }>;
}

/** Nobody has it, so that every bake ends with the question for it. */
const STOP = 'warmbake.test/stop';

/** `plugin` is the program; everything it writes goes to the system's folder for temporary files. */
export async function askedBuildx(plugin: string, checkout: string): Promise<AskedBuildx> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'warmbake-asked-'));
  const agent = createServer();
  const socket = path.join(scratch, 'agent');
  await new Promise<void>((resolve) => agent.listen(socket, resolve));
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: scratch,
    BUILDX_CONFIG: path.join(scratch, 'buildx'),
    BUILDX_BAKE_ENTITLEMENTS_FS: '1',
    SSH_AUTH_SOCK: socket,
  };
  const options = { cwd: checkout, env, extendEnv: false, reject: false, stdin: 'ignore' } as const;
  const create = ['create', '--driver', 'remote', '--name', 'nowhere', 'tcp://127.0.0.1:9'];
  await execa(plugin, create, { ...options, reject: true });
  await writeFile(path.join(scratch, 'escapes.json'), ESCAPE_CANARY_FILE);
  let calls = 0;
  const bake = async (document: object, args: readonly string[]) => {
    calls += 1;
    const file = path.join(scratch, `${calls}.json`);
    await writeFile(file, JSON.stringify(document));
    const { exitCode, stdout, stderr } = await execa(plugin, ['bake', '-f', file, ...args], options);
    await rm(file);
    return { exitCode, stdout, stderr };
  };

  const print: AskedBuildx['print'] = async (files) => {
    const targets: Readonly<Record<string, Target>> = Object.assign({}, ...files);
    const args = [
      '-f',
      path.join(scratch, 'escapes.json'),
      '--print',
      ...Object.keys(targets),
      ESCAPE_CANARY,
    ];
    const { exitCode, stdout } = await bake({ target: targets }, args);
    if (exitCode === 0) {
      const { raw, habits } = takeCanary(JSON.parse(stdout));
      const { target } = raw as Printed;
      return files.map((file) => ({
        target: Object.fromEntries(Object.keys(file).map((name) => [name, target[name] ?? {}])),
        ...habits,
      }));
    }
    if (files.length <= 1) return files.map(() => undefined);
    const half = files.length >> 1;
    return [...(await print(files.slice(0, half))), ...(await print(files.slice(half)))];
  };

  const ask: AskedBuildx['ask'] = async ({ target, printsEscaped }, name) => {
    const results = [{ name, tags: [], cacheTo: [], output: ['type=cacheonly'] }];
    const document = bakeFile({ target }, { results, cacheFrom: [], printsEscaped }) as Pick<
      Printed,
      'target'
    >;
    const one = document.target[name] ?? {};
    const entitlements = [...((one['entitlements'] ?? []) as readonly string[]), `device=${STOP}`];
    const stopped = { ...document, target: { ...document.target, [name]: { ...one, entitlements } } };
    const { stderr } = await bake(stopped, ['--builder', 'nowhere', name]);
    if (!stderr.includes('additional privileges requested')) return { asked: [], error: stderr };
    const lines = stderr.split('\n').filter((line) => line.startsWith(' - '));
    return { asked: lines.filter((line) => !line.includes(STOP)).map((line) => line.slice(3)) };
  };

  return {
    print,
    ask,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => agent.close(resolve));
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
