import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT } from '../../parts/project.ts';
import { KINDS, type Kind } from './kinds.ts';

const ORIGINS = {
  main: 'main',
  branch: 'branch',
  'pull-request': 'pull request',
  'merge-queue': 'merge queue',
  tag: 'tag',
} as const;

function rowOf({ system, build, origin, because, writes }: Kind): string {
  const isTrusted = writes.startsWith('trusted');
  const names = writes.replaceAll(/(?:un)?trusted /g, '').replace('COMMIT', 'its commit');
  const reason = because.replaceAll(/github\.com|gitlab\.com|git\.example\.com/g, '…');
  return `| ${system} | ${build} | ${ORIGINS[origin]} | ${isTrusted ? '**yes**' : 'no'}: ${reason} | ${names} |`;
}

it('the page shows who is trusted, kind by kind', async () => {
  const page = await readFile(path.join(PROJECT, 'docs/ci.md'), 'utf8');
  const [, section = ''] = /^## Who is trusted$([\s\S]*?)^## /m.exec(page) ?? [];
  const rows = section
    .split('\n')
    .filter((line) => /^\| (?:Buildkite|GitHub|GitLab|any other) \|/.test(line));
  expect(rows).toEqual(KINDS.map(rowOf));
});
