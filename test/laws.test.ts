import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..');
const PAGE = 'docs/laws.md';
const PLACES = ['src', 'test', 'bake', 'package', 'parts', 'docs'];
const ID = /\b(?:L\d+|B-\d{2})\b/g;

async function filesIn(place: string): Promise<readonly string[]> {
  const entries = await readdir(path.join(ROOT, place), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}

/** Recordings of other tools are not ours to read: sccache counts its cache levels L0, L1. */
const files = ['README.md', ...(await Promise.all(PLACES.map(filesIn))).flat()].filter(
  (file) => file !== PAGE && !file.startsWith('test/fixtures/') && !file.includes('node_modules/'),
);
/** What each file cites, without repetitions. */
const cited = new Map(
  await Promise.all(
    files.map(async (file) => {
      const text = await readFile(path.join(ROOT, file), 'utf8');
      return [file, new Set(text.match(ID))] as const;
    }),
  ),
);

const page = await readFile(path.join(ROOT, PAGE), 'utf8');
/** The tests that the page names for each id. */
const defined = new Map(
  [...page.matchAll(/^### (L\d+): [\s\S]+?(?=^##)|^\| (B-\d{2}) \|.+$/gm)].map(
    ([text, law, defect]) => [law ?? defect ?? '', text.match(/(?<=`)test\/[^`]+(?=`)/g) ?? []] as const,
  ),
);

it('every law and defect that a file cites is written down', () => {
  const unknown = [...cited].flatMap(([file, ids]) =>
    [...ids].filter((id) => !defined.has(id)).map((id) => `${file}: ${id}`),
  );
  expect(unknown).toEqual([]);
  expect(defined.size).toBeGreaterThanOrEqual(11 + 38);
});

it('every law and defect is cited by a test that its entry names', () => {
  const unheld = [...defined].filter(([id, tests]) => !tests.some((test) => cited.get(test)?.has(id)));
  expect(unheld.map(([id]) => id)).toEqual([]);
});

it('every test that the page names is there', () => {
  const named = [...defined.values()].flat();
  expect(named.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});
