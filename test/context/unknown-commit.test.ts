import { expect, it } from 'vitest';
import { unknownCommit } from '../../src/context/unknown-commit.ts';
import type { Finished } from '../../src/platform/process.ts';
import { openHost } from '../registry/fixture-host.ts';

it.each<[string, Omit<Finished, 'stdout'>, string]>([
  ['there is no git', { failure: 'not-found', stderr: '' }, 'git is not on PATH'],
  [
    'the checkout is of another user',
    { exitCode: 128, stderr: "fatal: detected dubious ownership in repository at '/work'\n" },
    'safe.directory',
  ],
  [
    'there is no checkout',
    { exitCode: 128, stderr: 'fatal: not a git repository (or any of the parent directories): .git\n' },
    'is in no checkout of git',
  ],
  ['there is no commit yet', { exitCode: 128, stderr: 'fatal: Needed a single revision\n' }, 'no commit yet'],
])('why git knows no commit is said: %s', async (_, finished, hint) => {
  await using host = await openHost();
  const processes = { run: async () => ({ stdout: '', ...finished }) };
  const error = await unknownCommit({ ...host, processes }, 'git knows no commit here');
  expect(error).toMatchObject({ code: 'commit-unknown', hint: expect.stringContaining(hint) });
});
