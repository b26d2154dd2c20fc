import { describe, expect, it } from 'vitest';
import { surroundings } from '../../src/ci/system.ts';
import { boundedFindings } from '../../src/doctor/bounded-findings.ts';
import { deliveryFinding, engineFinding } from '../../src/doctor/builder-findings.ts';
import { CHECK_CODES } from '../../src/doctor/checks.ts';
import { doctorDocument, doctorPage } from '../../src/doctor/doctor-page.ts';
import {
  familiesNotAsked,
  parameterFinding,
  stacksFinding,
  writingFinding,
} from '../../src/doctor/ami-findings.ts';
import { failed, inOrder, ok, skipped, warning } from '../../src/doctor/finding.ts';
import { depthFinding, mergeBaseFinding, remoteFinding } from '../../src/doctor/git-findings.ts';
import { ciText } from '../../src/doctor/run-findings.ts';
import { warningFindings } from '../../src/doctor/plan-warnings.ts';
import { storeFindings, storeNotAsked } from '../../src/doctor/store-findings.ts';
import { Interrupted, WarmbakeError } from '../../src/platform/errors.ts';
import { FAMILY } from '../ami/family.ts';
import { pageText } from '../cli/page-text.ts';
import { contextOf } from '../refs/any-build.ts';
import { fastClock, openHost } from '../registry/fixture-host.ts';

const ADVICE = { text: 'it is broken', fix: 'mend it' };

describe('the page', () => {
  const findings = [
    ok('git', '2.39.5'),
    failed('write', ADVICE),
    warning('clock', ADVICE),
    skipped('sccache', 'none'),
  ];
  it('has a line a check, and below what is not fine what to do', () => {
    expect(pageText(doctorPage({ findings: inOrder(findings), repositories: [] })).split('\n')).toEqual([
      'CHECK    STATE    FOUND',
      'git      ok       2.39.5',
      'clock    warning  it is broken',
      '                  → mend it',
      'write    FAILED   it is broken',
      '                  → mend it',
      'sccache  skipped  none',
      '',
      '1 of what is planned will fail: write; 1 fine, 1 to look at (clock), 1 skipped',
      '',
    ]);
  });
  it('and its document say the same; only a failure is one', () => {
    expect(doctorDocument(findings)).toMatchObject({
      outcome: 'failed',
      counts: { ok: 1, warning: 1, failed: 1, skipped: 1 },
    });
    expect(doctorDocument([warning('clock', ADVICE)]).outcome).toBe('ok');
  });
  it('knows no check twice', () => {
    expect(new Set(CHECK_CODES).size).toBe(CHECK_CODES.length);
  });
});

describe('what the run is in', () => {
  it.each([
    [{ BUILDKITE: 'true' }, 'Buildkite'],
    [{ GITHUB_ACTIONS: 'true' }, 'GitHub Actions'],
    [{ GITLAB_CI: 'true' }, 'GitLab CI'],
    [{ CI: 'true' }, 'a CI that is not known'],
    [{}, 'not in CI'],
  ])('%j is %s', (env, text) => {
    expect(ciText(surroundings(env))).toBe(text);
  });
});

describe('a check', () => {
  it('that throws is one finding, with its own advice', async () => {
    await using host = await openHost();
    const thrown = new WarmbakeError('outside', 'x', 'the wrong value', { hint: 'change it' });
    expect(await boundedFindings(host, { check: 'login' }, async () => await Promise.reject(thrown))).toEqual(
      [{ check: 'login', state: 'failed', text: 'the wrong value', fix: 'change it' }],
    );
  });
  it('that has a defect hides no other one', async () => {
    await using host = await openHost();
    const findings = await boundedFindings(
      host,
      { check: 'login' },
      async () => await Promise.reject(new Error('oops')),
    );
    expect(findings).toMatchObject([{ state: 'failed', text: 'oops', fix: 'this is a defect of warmbake' }]);
  });
  it('that is silent ends, and what it began is told to end', async () => {
    await using host = await openHost({ clock: fastClock() });
    const begun: AbortSignal[] = [];
    const findings = await boundedFindings(
      host,
      { check: 'login', ms: 100, otherwise: 'warning' },
      async ({ signal }) => {
        begun.push(signal);
        return await new Promise(() => undefined);
      },
    );
    expect(findings).toMatchObject([{ state: 'warning', text: 'no answer within 0.1 s' }]);
    expect(begun.map(({ aborted }) => aborted)).toEqual([true]);
  });
  it('of a run that was interrupted, or of a command line that cannot be meant, ends all of it', async () => {
    const stop = new AbortController();
    await using host = await openHost({ signal: stop.signal });
    const usage = new WarmbakeError('usage', 'x', 'no such target');
    await expect(
      boundedFindings(host, { check: 'login' }, async () => await Promise.reject(usage)),
    ).rejects.toBe(usage);
    const interrupted = new Interrupted('SIGINT');
    const asked = boundedFindings(host, { check: 'login' }, async () => await new Promise(() => undefined));
    stop.abort(interrupted);
    await expect(asked).rejects.toBe(interrupted);
  });
});

describe('git', () => {
  const pull = contextOf({ BUILDKITE_PULL_REQUEST: '7', BUILDKITE_BRANCH: 'work' }, '');
  if (pull === undefined) throw new Error('no build');
  const { mergeBase: _, ...without } = pull;
  const local = { ...without, origin: { kind: 'local' } } as const;
  it.each([
    ['is found', { context: pull, base: 'main' }, 'ok'],
    [
      'is unknown',
      { context: without, base: 'main', unknown: 'merge base with main is unknown: no' },
      'warning',
    ],
    ['is the commit itself', { context: without, base: 'main' }, 'ok'],
    ['is not shown by a checkout of somebody', { context: local, base: 'main' }, 'ok'],
    ['of the branch itself', { context: without, base: undefined }, 'skipped'],
  ])('merge base %s', (_name, facts, state) => {
    expect(mergeBaseFinding(facts).state).toBe(state);
  });
  it('depth', () => {
    expect(depthFinding({ state: 'shallow', commits: 2 }).text).toContain('(2 commits)');
    expect(depthFinding({ state: 'no-checkout' }).state).toBe('warning');
    expect(depthFinding({ state: 'whole' }).state).toBe('ok');
  });
  it('remote', () => {
    expect(remoteFinding({ state: 'silent', because: 'no key' }, 'main')).toMatchObject({ state: 'warning' });
    expect(remoteFinding({ state: 'answered', tip: undefined }, 'main')).toMatchObject({ state: 'warning' });
    expect(remoteFinding({ state: 'answered', tip: 'a'.repeat(40) }, 'main').text).toBe(
      'origin answers; main is at aaaaaaaaaaaa',
    );
  });
});

describe('engine and delivery', () => {
  const engine = (state: 'can-export' | 'cannot-export' | 'unreachable', more = {}) => ({
    engine: { name: 'default', endpoint: 'unix:///d.sock', state, ...more },
  });
  it.each([
    ['can-export', true, 'ok'],
    ['cannot-export', true, 'warning'],
    ['cannot-export', false, 'ok'],
    ['unreachable', true, 'warning'],
    ['unreachable', false, 'ok'],
  ] as const)('an engine that is %s, needed: %s, is %s', (state, needed, expected) => {
    expect(engineFinding(engine(state), { needed }).state).toBe(expected);
  });
  it('an engine whose socket is not for this user says so', () => {
    const found = engineFinding(engine('unreachable', { trouble: 'EACCES' }), { needed: true });
    expect(found).toMatchObject({ fix: expect.stringContaining('group') });
  });
  it.each([
    ['gateway', 'ok'],
    ['registry', 'ok'],
    ['single', 'warning'],
  ] as const)('merged caches by %s are %s', (way, state) => {
    expect(deliveryFinding({ order: [way], because: 'so' }).state).toBe(state);
  });
});

describe("the plan's warnings", () => {
  it('are told once each, without those that a check tells better', () => {
    const said = { code: 'variable-not-passed', message: 'X is set' };
    expect(warningFindings([said, said, { code: 'dead-socket', message: 'x' }])).toMatchObject([
      { check: 'plan', state: 'warning', text: 'X is set', fix: expect.stringContaining('bake.variables') },
    ]);
  });
});

describe('the store of sccache', () => {
  it('is one line where it would start, whatever was not tried', () => {
    const untried = { check: 'write', state: 'unknown', text: 'not tried' } as const;
    const findings = storeFindings({ findings: [untried], verdict: { state: 'starts', access: 'read' } });
    expect(findings).toEqual([ok('sccache', 'sccache would start: reading; writing was not tried')]);
  });
  it('says what keeps it from starting, and takes the advice from behind it', () => {
    const found = "the bucket is in a, configured is b; set sccache.region to the bucket's own region";
    const findings = storeFindings({
      findings: [{ check: 'region', state: 'failed', text: found }],
      verdict: { state: 'does-not-start', failure: { cause: 'wrong-region', said: 'x' } },
    });
    expect(findings).toEqual([
      failed('sccache', {
        text: 'region: the bucket is in a, configured is b',
        fix: "set sccache.region to the bucket's own region",
      }),
    ]);
  });
  it('that does not start is a failure whatever the findings say', () => {
    const verdict = { state: 'does-not-start', failure: { cause: 'denied', said: 'x' } } as const;
    expect(storeFindings({ findings: [], verdict })).toMatchObject([{ state: 'failed' }]);
  });
  it.each([
    [undefined, false, 'skipped'],
    [{ enabled: false }, false, 'skipped'],
    [{ enabled: true }, true, 'skipped'],
    [{ enabled: true }, false, undefined],
  ])('%j, offline %s: %s', (sccache, offline, state) => {
    expect(storeNotAsked(sccache, { offline })?.state).toBe(state);
  });
});

describe('machine images', () => {
  it.each([
    [[], { offline: false, trusted: true, local: false }, true],
    [[FAMILY], { offline: true, trusted: true, local: false }, true],
    [[FAMILY], { offline: false, trusted: false, local: false }, true],
    [[FAMILY], { offline: false, trusted: false, local: true }, false],
    [[FAMILY], { offline: false, trusted: true, local: false }, false],
  ])(
    '%#: are looked at unless there are none, nobody may be asked, or the job is untrusted',
    (families, how, none) => {
      expect(familiesNotAsked(families, how) !== undefined).toBe(none);
    },
  );
  it('a parameter that is absent is fine, one that holds no image is not', () => {
    expect(parameterFinding(FAMILY, undefined).state).toBe('ok');
    expect(parameterFinding(FAMILY, { value: 'ami-0123456789abcdef0', version: 3 }).state).toBe('ok');
    expect(parameterFinding(FAMILY, { value: 'none', version: 3 }).state).toBe('warning');
  });
  it('stacks that are not there are named', () => {
    expect(
      stacksFinding(
        new Map([
          ['a', true],
          ['b', false],
        ]),
      ),
    ).toMatchObject({
      state: 'warning',
      text: 'there is no stack b: a rollout ends there',
    });
  });
  it.each([
    ['allowed', 'ok'],
    ['denied', 'failed'],
    ['unknown', 'skipped'],
    [undefined, 'skipped'],
  ] as const)('a dry run that is %s is %s in the daily job', (dryRun, state) => {
    expect(writingFinding(dryRun, 'failed').state).toBe(state);
  });
});
