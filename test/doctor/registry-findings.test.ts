import { describe, expect, it } from 'vitest';
import type { SourceAnswer } from '../../src/cache/chain.ts';
import { loginFinding } from '../../src/doctor/login-findings.ts';
import { mountWays } from '../../src/doctor/planned-refs.ts';
import {
  type TriedMount,
  mountFinding,
  pushFinding,
  readFindings,
  registryFinding,
} from '../../src/doctor/registry-findings.ts';
import type { Credential } from '../../src/registry/credential.ts';
import type { PushRight } from '../../src/registry/push-right.ts';
import { requireReference } from '../../src/registry/reference.ts';

const ref = requireReference;
const found = { state: 'found' } as SourceAnswer;

describe('what is read', () => {
  const read = (name: string, answer: SourceAnswer) => ({ ref: ref(name), answer });
  it('is a line for each repository', () => {
    const findings = readFindings([
      read('r.io/main:latest', found),
      read('r.io/main:abc', { state: 'missing' }),
      read('r.io/test:pr-7', { state: 'missing' }),
    ]);
    expect(findings.map(({ state, text }) => `${state}: ${text}`)).toEqual([
      'ok: 1 of 2 refs found in r.io/main: latest',
      'ok: 0 of 1 refs found in r.io/test; what is not there was not built yet, or has expired',
    ]);
  });
  it.each<[SourceAnswer, RegExp, RegExp]>([
    [{ state: 'denied', because: '403 Forbidden' }, /denied: 403 Forbidden$/, /warmbake iam/],
    [{ state: 'failed', because: 'no answer within 3 s' }, /x: no answer within 3 s$/, /registry answers/],
    [{ state: 'oversized', because: '1.4 MB' }, /x: 1\.4 MB$/, /mode: min/],
    [{ state: 'throttled', because: '429' }, /throttled: 429$/, /in a minute/],
  ])('%j is a warning: no build fails of it', (answer, text, fix) => {
    const findings = readFindings([read('r.io/main:x', answer)]);
    expect(findings).toMatchObject([
      { state: 'warning', text: expect.stringMatching(text), fix: expect.stringMatching(fix) },
    ]);
  });
});

describe('what is written', () => {
  const no = (kind: Extract<PushRight, { can: false }>['kind']): PushRight => ({
    can: false,
    kind,
    because: 'so',
  });
  it.each<[PushRight, string]>([
    [{ can: true }, 'ok'],
    [no('denied'), 'failed'],
    [no('missing-repository'), 'failed'],
    [no('unreachable'), 'failed'],
    [no('throttled'), 'warning'],
  ])('%j is %s', (right, state) => {
    expect(pushFinding({ repository: ref('r.io/app:x'), holds: 'images', right }).state).toBe(state);
  });
  it('says what an image and a cache that cannot be pushed cost', () => {
    const text = (holds: 'images' | 'caches') =>
      pushFinding({ repository: ref('r.io/app:x'), holds, right: no('denied') }).text;
    expect(text('images')).toBe('images cannot be pushed to r.io/app (so): a build would end here');
    expect(text('caches')).toContain('builds go on, and no later one finds what they made');
  });
});

it.each([
  [true, true, 'ok'],
  [false, true, 'failed'],
  [false, false, 'warning'],
])('a registry that answers (%s) and is written (%s) is %s', (answers, written, state) => {
  expect(registryFinding({ host: 'r.io', answers, because: 'so' }, { written }).state).toBe(state);
});

describe('mounts', () => {
  it('are tried from where layers are found to where something is written, within one registry', () => {
    const refs = {
      reads: [],
      images: [ref('r.io/images:1'), ref('r.io/images:latest'), ref('other.io/images:1')],
      caches: [ref('r.io/main:1')],
    };
    const ways = mountWays([ref('r.io/main:latest'), ref('r.io/main:abc')], refs);
    expect(ways.map(({ from, to }) => `${from.path} → ${to.host}/${to.path}`)).toEqual([
      'main → r.io/images',
    ]);
  });
  it.each<[TriedMount, string]>([
    [{ state: 'mounted' }, 'ok'],
    [{ state: 'not-mounted' }, 'warning'],
    [{ state: 'no-layer' }, 'skipped'],
    [{ state: 'missing' }, 'skipped'],
    [{ state: 'denied', because: '403' }, 'skipped'],
  ])('%j is %s', (outcome, state) => {
    expect(mountFinding({ from: ref('r.io/a:x'), to: ref('r.io/b:x') }, outcome).state).toBe(state);
  });
});

describe('where a login comes from', () => {
  const ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
  const basic: Credential = { kind: 'basic', username: 'AWS', password: 'secret' };
  const role = {
    ecr: { role: 'arn:aws:iam::123456789012:role/pull', policy: { Version: '2012-10-17', Statement: [] } },
  } as const;
  const none = { kind: 'none' } as const;
  it.each<[string, Parameters<typeof loginFinding>[0], string, string]>([
    [
      'nowhere',
      { host: 'r.io', credential: { kind: 'anonymous' }, source: none, grant: {} },
      'ok',
      'r.io is asked anonymously',
    ],
    [
      'a helper',
      { host: 'r.io', credential: basic, source: { kind: 'helper', name: 'pass' }, grant: {} },
      'ok',
      "r.io: docker's credential helper 'pass'",
    ],
    [
      "docker's file",
      { host: 'r.io', credential: basic, source: { kind: 'file', credential: basic }, grant: {} },
      'ok',
      "r.io: docker's own configuration",
    ],
    [
      'AWS',
      { host: ECR, credential: basic, source: none, grant: {} },
      'ok',
      `${ECR}: a token of AWS, with the rights of this job`,
    ],
    [
      'a role',
      { host: ECR, credential: basic, source: none, grant: role },
      'ok',
      `${ECR}: a session of ${role.ecr.role}`,
    ],
    [
      'a helper that broke',
      { host: 'r.io', credential: { kind: 'anonymous', because: 'no key ring' }, source: none, grant: {} },
      'warning',
      'r.io is asked anonymously: no key ring',
    ],
    [
      'a role that could not be taken',
      { host: ECR, credential: { kind: 'anonymous', because: 'AccessDenied' }, source: none, grant: role },
      'warning',
      `${ECR} is asked anonymously: AccessDenied`,
    ],
  ])('%s', (_, login, state, text) => {
    const finding = loginFinding(login);
    expect(finding).toMatchObject({ state, text });
    expect(JSON.stringify(finding)).not.toContain('secret');
  });
});
