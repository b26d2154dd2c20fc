import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';

const SRC = path.join(import.meta.dirname, '../src');

/** Rooms in the order of the story: each may import itself and those before it. */
const ROOMS = [
  'platform',
  'registry',
  'ci',
  'config',
  'context',
  'refs',
  'cache',
  'delivery',
  'bake',
  'sccache',
  'state',
  'buildkite',
  'image-step',
  'ami/model',
  'ami/aws',
  'ami/warm',
  'ami/packer',
  'ami/build',
  'ami/rollout',
  'ami/rollback',
  'ami/retention',
  'ami/status',
  'ami/buildkite',
  'ami/probe.ts',
  'ami/release.ts',
  'ami/jobs',
  'iam',
  'doctor',
  'init',
  'cli',
  'root.ts',
  'main.ts',
] as const;

const files = (await readdir(SRC, { recursive: true })).filter((file) => file.endsWith('.ts'));
const texts = new Map(
  await Promise.all(files.map(async (file) => [file, await readFile(path.join(SRC, file), 'utf8')] as const)),
);

function roomOf(file: string): number {
  return ROOMS.findIndex((room) => file === room || file.startsWith(`${room}/`));
}

/** Files of `src` that a file imports, statically or not. */
function importsOf(file: string, text: string): readonly string[] {
  const names = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((m) => m[1] ?? '');
  return names.map((name) => path.join(path.dirname(file), name));
}

/** What `find` sees in each file, as `file: what`. */
function offences(find: (text: string, file: string) => readonly string[]): readonly string[] {
  return [...texts].flatMap(([file, text]) => find(text, file).map((what) => `${file}: ${what}`));
}

it('every file is in a room', () => {
  expect(files.filter((file) => roomOf(file) < 0)).toEqual([]);
  expect(files.length).toBeGreaterThan(100);
});

it('rooms import only rooms to their left', () => {
  expect(offences((text, file) => importsOf(file, text).filter((to) => roomOf(to) > roomOf(file)))).toEqual(
    [],
  );
});

it('the architecture page shows the same rooms in the same order', async () => {
  const page = await readFile(path.join(SRC, '../docs/architecture.md'), 'utf8');
  const [, picture = ''] = /^## Rooms$[\s\S]*?^```\n([\s\S]*?)^```/m.exec(page) ?? [];
  expect(
    picture
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual([...ROOMS]);
});

it('no file needs itself by way of others', () => {
  const circles: string[] = [];
  const done = new Set<string>();
  const follow = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (done.has(file)) return;
    done.add(file);
    for (const to of importsOf(file, texts.get(file) ?? '')) follow(to, [...way, file]);
  };
  for (const file of files) follow(file, []);
  expect(circles).toEqual([]);
});

it('a name that a file exports means one thing: no other file declares it at its top level', () => {
  const declared = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(/^(export )?(?:async )?(?:interface|type|function|const|class) (\w+)/gm)].map(
      ([, exported, name = '']) => ({ file, name, exported: exported !== undefined }),
    ),
  );
  const shared = declared
    .filter(({ exported }) => exported)
    .map(({ file, name }) => {
      const others = declared.filter((other) => other.name === name && other.file !== file);
      return others.length === 0 ? '' : `${name}: ${[file, ...others.map((other) => other.file)].join(', ')}`;
    });
  expect(shared.filter((text) => text !== '')).toEqual([]);
});

it('only the first two files read the process, and only the terminal prints', () => {
  const reads = offences((text, file) =>
    file === 'main.ts' || file === 'root.ts'
      ? []
      : [
          ...text
            .replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '')
            .matchAll(/(?<!\/)\b(?:process|console)\.(?!ts')\w+/g),
        ].map(([what]) => what),
  );
  expect(reads).toEqual([]);
});

it('text leaves by one door: its types are made in one file each, and those that write control sequences are named', () => {
  const door = 'cli/door.ts';
  const made = offences((text, file) =>
    file === door ? [] : [...text.matchAll(/\bas (?:SafeText|SafePage)\b/g)].map(([what]) => what),
  );
  const escapes = offences((text, file) =>
    [door, 'cli/ci-commands.ts', 'platform/outside-text.ts'].includes(file)
      ? []
      : [...text.matchAll(/\\(?:u001b|x1b|033|e\[)|styleText/gi)].map(([what]) => what),
  );
  const written = offences((text) => [...text.matchAll(/std(?:out|err)\.write/g)].map(([what]) => what));
  expect({ made, escapes }).toEqual({ made: [], escapes: [] });
  expect(new Set(written.map((where) => where.split(':')[0]))).toEqual(new Set(['main.ts', 'root.ts']));
  expect(texts.get('cli/renderer.ts')).toMatch(
    /out: \(text: SafePage\) => void;\s+readonly err: \(text: SafePage\) => void;/,
  );
  expect(texts.get('ci/report/ci-report.ts')).toContain('markdown: Markdown)');
});

it('no file is too long for one idea', () => {
  expect(offences((text) => (text.split('\n').length > 300 ? ['more than 300 lines'] : []))).toEqual([]);
});

it('the tool is general: no file names its first user', () => {
  expect(offences((text) => [...text.matchAll(/vllm/gi)].map(([what]) => what))).toEqual([]);
});
