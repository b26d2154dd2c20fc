import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { bakeFile } from '../../src/bake/bake-file.ts';
import { targetsOf } from '../../src/bake/definition.ts';
import { ESCAPE_CANARY_FILE, type PrintHabits, takeCanary } from '../../src/bake/escape-canary.ts';
import { ESCAPE_CANARY } from '../../src/config/reserved-names.ts';
import { portableDefinition } from '../../src/bake/portable.ts';
import { unescaped } from '../../src/bake/template-text.ts';
import { test } from '../tiers/real.ts';

const FILE = readFileSync(path.join(import.meta.dirname, 'awkward-bake-file.hcl'), 'utf8');

const OURS = new Set(['tags', 'output', 'cache-to', 'cache-from']);

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'warmbake-bake-file-'));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

type Printed = { readonly target: Readonly<Record<string, Readonly<Record<string, unknown>>>> };

async function print(env: Readonly<Record<string, string>>, name: string, text: string) {
  await writeFile(path.join(directory, name), text);
  await writeFile(path.join(directory, 'escapes.json'), ESCAPE_CANARY_FILE);
  // bake looks for files of secrets, also when it only prints.
  await writeFile(path.join(directory, '${file}'), '');
  const argv = ['buildx', 'bake', '--print', '-f', name, '-f', 'escapes.json', 'app', ESCAPE_CANARY];
  const { stdout } = await execa('docker', argv, { cwd: directory, env, extendEnv: false });
  const { raw, habits } = takeCanary(JSON.parse(stdout));
  return { raw: raw as Printed, habits };
}

function graphOf({ target }: Printed, name: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(target[name] ?? {}).filter(([key]) => !OURS.has(key)));
}

describe.each(['engine', 'oldBuildx'] as const)('with the buildx of %s', (which) => {
  test('what is baked is what was printed, to the letter, with our results and no others', async ({
    engine,
    oldBuildx,
  }) => {
    const { env } = { engine, oldBuildx }[which];
    const first = await print(env, 'docker-bake.hcl', FILE);
    const results = [
      {
        name: 'app',
        tags: ['ours/app:1'],
        cacheTo: ['type=registry,ref=ours/cache:1,mode=max'],
        output: ['type=registry'],
      },
    ];
    const options = { results, cacheFrom: ['type=registry,ref=ours/cache:0'], ...first.habits };
    const second = await print(env, 'definition.json', JSON.stringify(bakeFile(first.raw, options)));

    for (const name of ['app', 'base']) expect(graphOf(second.raw, name)).toEqual(graphOf(first.raw, name));
    expect(Object.keys(second.raw.target).toSorted()).toEqual(['app', 'base']);
    const text = JSON.stringify(second.raw);
    expect(text).not.toContain('theirs');
    expect(text).not.toContain('gha');
    expect(text).toContain('ours/app:1');
    expect(text.match(/ours\/cache:0/g)).toHaveLength(2);
    expect(text.match(/ours\/cache:1/g)).toHaveLength(1);
  });
});

/** What a printed definition means, whichever buildx printed it. */
function meaningOf(raw: Printed, { printsEscaped }: PrintHabits): object {
  const plain = (text: string): string => (printsEscaped ? unescaped(text) : text);
  const texts = (all: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(all).map(([key, value]) => [key, plain(value)]));
  return Object.fromEntries(
    [...targetsOf(raw)].map(([name, { args, labels, annotations, output, ...rest }]) => [
      name,
      {
        ...rest,
        // Older ones leave out that nothing is written.
        output: output.filter(({ type }) => type !== 'cacheonly'),
        args: texts(args),
        labels: texts(labels),
        annotations: annotations.map(plain),
      },
    ]),
  );
}

test.for([
  ['engine', 'oldBuildx'],
  ['oldBuildx', 'engine'],
] as const)(
  'the artifact that %s writes means the same to %s, literal ${ in a label included',
  async ([writer, reader], { engine, oldBuildx }) => {
    const of = { engine, oldBuildx };
    const first = await print(of[writer].env, 'docker-bake.hcl', FILE);
    const results = [{ name: 'app', tags: ['ours/app:1'], cacheTo: [], output: ['type=registry'] }];
    const artifact = portableDefinition(bakeFile(first.raw, { results, cacheFrom: [], ...first.habits }));
    const text = JSON.stringify(artifact);
    const own = await print(of[writer].env, 'artifact.json', text);
    const other = await print(of[reader].env, 'artifact.json', text);
    expect(meaningOf(other.raw, other.habits)).toEqual(meaningOf(own.raw, own.habits));
    expect(graphOf(own.raw, 'app')).toEqual(graphOf(first.raw, 'app'));
    const { labels } =
      (meaningOf(other.raw, other.habits) as Record<string, { labels: object }>)['app'] ?? {};
    expect(JSON.stringify(labels)).toContain('${');
  },
);
