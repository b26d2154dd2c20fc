import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCi } from '../../src/ci/read-ci.ts';
import { judgeTrust } from '../../src/context/trust.ts';
import { PLACE } from '../context/place.ts';
import { REPOSITORIES } from './kinds.ts';
import { pushed } from './recorded-github.ts';
import { onBranch, onTag } from './recorded-gitlab.ts';

let directory: string;
let event: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'warmbake-disagreeing-'));
  event = path.join(directory, 'event.json');
  await writeFile(event, JSON.stringify(MAIN.event));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

const MAIN = pushed('refs/heads/main');

it.each([
  ['GITHUB_HEAD_REF', 'work'],
  ['GITHUB_BASE_REF', 'main'],
])('a push to main that has %s of a pull request is not trusted', (name, value) => {
  const facts = readCi({ ...MAIN.env, GITHUB_EVENT_PATH: event, [name]: value });
  const trust = judgeTrust(facts, { ...PLACE, repository: REPOSITORIES.GitHub });
  expect(trust).toEqual({ trusted: false, because: `${name} is set although the event is called push` });
});

it('a push whose event names no ref is none', async () => {
  const bare = path.join(directory, 'bare.json');
  await writeFile(bare, '{}');
  expect(() => readCi({ ...MAIN.env, GITHUB_EVENT_PATH: bare })).toThrow(/a push to another ref/);
});

it('an event is not waited for', () => {
  const pipe = path.join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const file of [pipe, '/dev/zero', directory]) {
    expect(() => readCi({ ...MAIN.env, GITHUB_EVENT_PATH: file })).toThrow(/it is not a file/);
  }
});

it('a token that is none is not told', () => {
  const env = { ...MAIN.env, GITHUB_EVENT_PATH: event, GITHUB_TOKEN: 'ghs_secret\n' };
  expect(() => readCi(env)).toThrow(/^GITHUB_TOKEN holds (?!.*secret)/);
});

it.each([
  ['CI_MERGE_REQUEST_ID', '90007'],
  ['CI_MERGE_REQUEST_REF_PATH', 'refs/merge-requests/7/train'],
  ['CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME', 'work'],
])('a pipeline of main that has %s, and no number of a merge request, is not trusted', (name, value) => {
  for (const env of [onBranch('main'), onTag('v1')]) {
    expect(readCi({ ...env, [name]: value })?.doubt).toBe(
      `${name} is set although no number of a merge request is`,
    );
  }
  expect(readCi({ ...onBranch('main'), [name]: '', CI_OPEN_MERGE_REQUESTS: 'acme/app!7' })?.doubt).toBe(
    undefined,
  );
});

it('a pipeline whose two names of its branch differ is not trusted', () => {
  const facts = readCi({ ...onBranch('main'), CI_COMMIT_REF_NAME: 'release' });
  expect(facts?.doubt).toBe('CI_COMMIT_REF_NAME is release, not main');
});
