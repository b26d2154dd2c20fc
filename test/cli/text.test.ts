import { expect, it } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import type { Look } from '../../src/cli/door.ts';
import { secondsText } from '../../src/cli/step-text.ts';
import { inCi } from '../../src/ci/system.ts';
import { looksOf } from '../../src/cli/renderer.ts';
import { textRenderer } from '../../src/cli/text.ts';
import type { Event } from '../../src/platform/events.ts';
import { recorded, replay } from '../bake/replay.ts';
import { gitlabMarkers } from './log-readers.ts';

const PLAIN: Look = { colour: false, log: 'plain' };

function rendered(events: readonly Event[], look: Look = PLAIN): string {
  let text = '';
  const run = { clock: { ...clock, now: () => new Date(1_700_000_000_000) }, random: () => 0.5 };
  const renderer = textRenderer(look, (more) => void (text += more), run);
  for (const event of events) renderer.emit(event);
  renderer.close();
  return text;
}

function recordedText(name: string, look: Look = PLAIN): readonly string[] {
  return rendered(replay(recorded(name)).events, look).split('\n');
}

it('a build reads like a log: steps with time and verdict, their output with their name', () => {
  expect(recordedText('buildx-0.29/pull-request').map((l) => l.slice(0, 64))).toEqual([
    '   0.0s imported  importing cache manifest from 127.0.0.1:5199/e',
    '   0.0s pruned    [base 2/3] WORKDIR /app',
    '   0.0s loaded    [base 3/3] RUN --network=none echo "deps 0"; f',
    '        started   [compile 1/2] COPY src /app/src',
    '   0.0s executed  [compile 1/2] COPY src /app/src',
    "        started   [compile 2/2] RUN --network=none printf 'compi",
    '[compile 2/2] 100%',
    '[compile 2/2] warn',
    '[compile 2/2] ok',
    "   0.6s executed  [compile 2/2] RUN --network=none printf 'compi",
    '        started   [test 1/2] COPY --from=compile /app/bin /app/b',
    '   0.0s executed  [test 1/2] COPY --from=compile /app/bin /app/b',
    '        started   [test 2/2] RUN --network=none echo testing; ca',
    '[test 2/2] testing',
    '[test 2/2] int main(){return 1;}',
    '[test 2/2] no newline at end',
    '   0.0s executed  [test 2/2] RUN --network=none echo testing; ca',
    '   0.1s exported  exporting to image',
    '   0.1s exported  exporting cache to registry',
    '',
  ]);
});

it('a failed step is shown with its last output together', () => {
  expect(recordedText('buildx-0.29/run-fails').slice(-9)).toEqual([
    expect.stringMatching(/^== failed: \[broken 2\/2\] RUN/),
    '  about to fail',
    '  line 1',
    '  line 2',
    '  line 3',
    '  line 4',
    '  error: no such thing',
    '  exit code: 7',
    '',
  ]);
});

it('a source that cannot be imported is one line and no failure; an export that failed is told with its error', () => {
  const missing = recordedText('buildx-0.29/three-sources-two-exports');
  expect(missing.filter((l) => l.includes(':gone'))).toEqual([
    '   0.0s skipped   importing cache manifest from 127.0.0.1:5199/e/cache:gone: failed to configure registry cache importer: 127.0.0.1:5199/e/cache:gone: not found',
  ]);
  expect(missing.join('\n')).not.toContain('== failed');
  expect(recordedText('buildx-0.29/export-refused').join('\n')).toMatch(
    /0\.1s failed {4}exporting cache to registry: .*403 Forbidden/,
  );
});

it('a command of many pages is cut, in the line of its step and in its failure', () => {
  const step = { id: 's', name: `[a 1/1] RUN ${'x'.repeat(5_000)}`, kind: 'instruction' } as const;
  const error = `process "${'x'.repeat(5_000)}" did not complete successfully: exit code: 2`;
  const lines = rendered([
    { type: 'step', step: { ...step, state: 'started' } },
    { type: 'step', step: { ...step, state: 'failed', seconds: 1, error } },
  ]).split('\n');
  expect(Math.max(...lines.map((l) => l.length))).toBeLessThan(200);
});

it('steps and time of overhead are hidden, unless they fail', () => {
  expect(recordedText('buildx-0.29/cold').join('\n')).not.toMatch(/internal|FROM/);
  const step = { id: 'm', name: '[internal] load metadata for r/b:1', kind: 'internal' } as const;
  expect(
    rendered([
      { type: 'step', step: { ...step, state: 'started' } },
      { type: 'step', step: { ...step, state: 'failed', seconds: 1, error: 'r/b:1: 429 Too Many Requests' } },
    ]),
  ).toBe('== failed: [internal] load metadata for r/b:1\n  r/b:1: 429 Too Many Requests\n');
});

it('a loaded layer that takes long to pull gets a second line, a short pull does not', () => {
  const step = { id: 's', name: '[base 3/3] RUN make', kind: 'instruction' } as const;
  const at = (seconds: number): Event => ({ type: 'step', step: { ...step, state: 'loaded', seconds } });
  expect(
    rendered([at(0.1), { type: 'step', step: { ...step, state: 'started' } }, at(0.3), at(0.9), at(12.3)]),
  ).toBe('   0.1s loaded    [base 3/3] RUN make\n  12.3s pulled    [base 3/3] RUN make\n');
});

const PAGE: readonly Event[] = [
  { type: 'section', title: 'Sources' },
  {
    type: 'table',
    head: ['role', 'state'],
    rows: [
      ['merge-base', 'found'],
      ['own', 'missing'],
    ],
  },
  { type: 'line', text: '--- not a group\nsecond' },
  { type: 'section', title: 'Result', open: true },
  { type: 'warning', warning: { code: 'export-failed', message: 'nothing written' } },
];

it('sections, tables and warnings are aligned plain text', () => {
  expect(rendered(PAGE).split('\n')).toEqual([
    '== Sources',
    'role        state',
    'merge-base  found',
    'own         missing',
    '--- not a group',
    'second',
    '== Result',
    'warning: export-failed: nothing written',
    '',
  ]);
});

it('a section of many targets is one line of the screen', () => {
  const title = `Building ${Array.from({ length: 20 }, (_, i) => `target-${i}`).join(', ')}`;
  const events: readonly Event[] = [{ type: 'section', title }];
  expect(rendered(events, { colour: false, log: 'plain', columns: () => 40 })).toBe(
    '== Building target-0, target-1, target…\n',
  );
  expect(rendered(events)).toBe(`== ${title}\n`);
});

it('in Buildkite sections are log groups, and no other line can open one', () => {
  const lines = rendered(PAGE, { colour: false, log: 'buildkite' }).split('\n');
  expect(lines.filter((l) => /^(?:---|\+\+\+|~~~)/.test(l))).toEqual(['--- Sources', '+++ Result']);
  const failed = recordedText('buildx-0.29/run-fails', { colour: false, log: 'buildkite' });
  expect(failed.filter((l) => l.startsWith('+++ '))).toEqual([
    expect.stringMatching(/^\+\+\+ failed: \[broken 2\/2\] RUN/),
  ]);
});

it('in GitHub sections are groups with an end, an open one is a line outside of them, and warnings are annotations', () => {
  const text = rendered(PAGE, { colour: false, log: 'github' });
  expect(text.split('\n').filter((line) => /^(?:::|==)/.test(line))).toEqual([
    '::group::Sources',
    '::endgroup::',
    '== Result',
    '::warning title=warmbake%3A export-failed::nothing written',
  ]);
  const failed = recordedText('buildx-0.29/run-fails', { colour: false, log: 'github' });
  expect(failed.filter((line) => line.startsWith('::'))).toEqual([]);
  expect(failed).toContainEqual(expect.stringMatching(/^== failed: \[broken 2\/2\] RUN/));
});

it('a group that is open at the end is ended, once', () => {
  const events: readonly Event[] = [{ type: 'section', title: 'a' }];
  expect(rendered(events, { colour: false, log: 'github' })).toBe('::group::a\n::endgroup::\n');
  expect(rendered([], { colour: false, log: 'github' })).toBe('');
});

it('a warning that GitHub would cut stands in the log whole', () => {
  const message = 'x'.repeat(5_000);
  const text = rendered([{ type: 'warning', warning: { code: 'long', message } }], {
    colour: false,
    log: 'github',
  });
  expect(text.split('\n')).toEqual([
    `::warning title=warmbake%3A long::${message}`,
    `warning: long: ${message}`,
    '',
  ]);
});

it('in GitLab sections have markers with the time, and a name of this run', () => {
  expect(JSON.stringify(rendered(PAGE, { colour: false, log: 'gitlab' }))).toContain(
    String.raw`\u001b[0Ksection_start:1700000000:warmbake-i0000000-1[collapsed=true]\r\u001b[0KSources\n`,
  );
  const text = rendered(PAGE, { colour: true, log: 'gitlab' });
  expect(gitlabMarkers(text)).toEqual([
    { action: 'start', seconds: 1_700_000_000, name: 'warmbake-i0000000-1', collapsed: true },
    { action: 'end', seconds: 1_700_000_000, name: 'warmbake-i0000000-1', collapsed: false },
    { action: 'start', seconds: 1_700_000_000, name: 'warmbake-i0000000-2', collapsed: false },
    { action: 'end', seconds: 1_700_000_000, name: 'warmbake-i0000000-2', collapsed: false },
  ]);
  expect(text).toContain('\u001B[1mSources\u001B[22m\n');
});

it.each([
  [{}, 'plain'],
  [{ BUILDKITE: 'true', CI: 'true' }, 'buildkite'],
  [{ GITHUB_ACTIONS: 'true', CI: 'true' }, 'github'],
  [{ GITLAB_CI: 'true', CI: 'true' }, 'gitlab'],
  [{ WARMBAKE_CI: 'gitlab', BUILDKITE: 'true', GITLAB_CI: 'true' }, 'gitlab'],
  [{ WARMBAKE_CI: 'other', CI: 'true' }, 'plain'],
  [{ WARMBAKE_CI: 'local', GITHUB_ACTIONS: 'true' }, 'github'],
  [{ WARMBAKE_CI: 'other', BUILDKITE: 'true' }, 'buildkite'],
  [{ BUILDKITE: 'false', GITHUB_ACTIONS: '1' }, 'github'],
  [{ CI: 'true' }, 'plain'],
  [{ BUILDKITE: 'true', GITHUB_ACTIONS: 'true' }, 'several'],
])('with %j the log is for %s, and coloured where its reader shows colours', (env, log) => {
  const streams = { out: () => undefined, err: () => undefined };
  expect(looksOf(streams, env).err).toEqual({ log, colour: log !== 'plain' });
  expect(looksOf(streams, { ...env, NO_COLOR: '1' }).out).toEqual({ log, colour: false });
  // CI agents start their jobs in a terminal.
  const terminal = { columns: () => 80, rows: () => 25 };
  expect(looksOf({ ...streams, terminal }, env).err.columns?.()).toBe(inCi(env) ? undefined : 80);
});

it('colours are there only where they are allowed', () => {
  const page = rendered(PAGE, { colour: true, log: 'plain' });
  expect(page).toContain('\u001B[35mwarning: export-failed:\u001B[39m nothing written\n');
  expect(rendered(PAGE)).not.toContain('\u001B');
  expect(recordedText('buildx-0.29/cold').join('')).not.toContain('\u001B');
  expect(recordedText('buildx-0.29/cold', { colour: true, log: 'plain' }).join('\n')).toContain(
    ' \u001B[32mok\u001B[0m\n',
  );
});

it.each([
  [0, '0.0s'],
  [59.94, '59.9s'],
  [59.96, '1m 00s'],
  [125, '2m 05s'],
  [3599.6, '1h 00m'],
  [3725, '1h 02m'],
])('%d seconds read %s', (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});
