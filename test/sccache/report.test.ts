import { describe, expect, test } from 'vitest';
import { sccacheLine } from '../../src/sccache/report.ts';
import { sccacheWarnings, startFailureOf } from '../../src/sccache/warnings.ts';
import { COMPILE_STEP, type SaidStep, recorded, statisticsLine, summaryOf } from './recorded.ts';
import { settingsOf } from './settings.ts';

const sccache = settingsOf({ bucket: 'wb-store', prefix: 'pre/cold' });
const COLD: SaidStep = { says: [statisticsLine('stats-0.17-cold.json')] };
const BROKEN: SaidStep = {
  says: [...recorded('start-denied.txt').split('\n'), statisticsLine('stats-0.17-after-failed-start.json')],
};

function told(...steps: readonly SaidStep[]): { readonly line: string; readonly codes: readonly string[] } {
  const summary = summaryOf(...steps);
  return { line: sccacheLine(summary), codes: sccacheWarnings(summary, sccache).map(({ code }) => code) };
}

describe('the report of a build says', () => {
  test('how many lookups hit, what missed, how long it took and where the store is', () => {
    expect(told(COLD)).toEqual({
      line: 'sccache  33.3 % hits (1 of 3; misses: C/C++ 2), reading 0.0 s, compiling 0.1 s, s3, name: wb-store, prefix: /pre/cold/',
      codes: [],
    });
  });

  test('"not run" where the layer came from a cache, never 0 %', () => {
    expect(told({ verdict: 'loaded' })).toEqual({ line: 'sccache  not run (layer cached)', codes: [] });
    expect(told({ verdict: 'pruned' }).line).toBe('sccache  not run (layer cached)');
  });

  test('"not run" of a build that ran nothing, even if its steps cannot be told by their names', () => {
    expect(told({ name: '[1/2] RUN <<EOF', verdict: 'loaded' }).line).toBe('sccache  not run (layer cached)');
  });

  test('that a build which failed ended too early, as its cached steps may be steps that it did not come to', () => {
    const early = 'sccache  the build ended before its statistics';
    expect(told({ verdict: 'loaded' }, { name: '[2/2] RUN pytest', verdict: 'failed' }).line).toBe(early);
    expect(told({ name: '[2/2] RUN pytest', verdict: 'failed' }).line).toBe(early);
    expect(told().line).toBe(early);
  });

  test('"Local disk" by name, with a warning, although a bucket is set', () => {
    const { line, codes } = told({ says: [statisticsLine('stats-0.10-local-disk.json')] });
    expect(line).toContain('Local disk: "/root/.cache/sccache"');
    expect(codes).toEqual(['sccache-local-disk']);
  });

  test('that another bucket or prefix was used than configured', () => {
    expect(told({ says: [statisticsLine('stats-0.17-warm.json')] }).codes).toEqual(['sccache-other-store']);
  });

  test('every level of a chain, without a warning as long as one of them is the store', () => {
    const { line, codes } = told({ says: [statisticsLine('stats-0.17-multi-level.json')] });
    expect(line).toContain('Local disk: "/tmp/scc" and s3, name: wb-store, prefix: /pre/cold/');
    expect(codes).toEqual([]);
  });

  test('"clipped" where BuildKit dropped the end of the log, also in the middle of the statistics', () => {
    const clipped = { line: expect.stringMatching(/^sccache {2}clipped/), codes: ['sccache-clipped'] };
    expect(told({ logClipped: true })).toEqual(clipped);
    const half = statisticsLine('stats-0.17-cold.json').slice(0, 200);
    expect(told({ logClipped: true, says: [half] })).toEqual(clipped);
  });

  test('what it measured where the log was clipped before the statistics', () => {
    expect(told({ ...COLD, logClipped: true }).line).toContain('33.3 % hits');
  });

  test('that the statistics changed their form', () => {
    const { line, codes } = told({ says: ['warmbake-sccache {"stats":{}}'] });
    expect(line).toMatch(/^sccache {2}statistics unreadable: 'stats\.compile_requests'/);
    expect(codes).toEqual(['sccache-unreadable']);
  });

  test('that a build which runs steps prints no statistics at all, and what to add', () => {
    const summary = summaryOf({ name: '[2/2] RUN make' });
    expect(sccacheLine(summary)).toBe('sccache  no step prints its statistics');
    expect(sccacheWarnings(summary, sccache)).toEqual([
      { code: 'sccache-silent', message: expect.stringContaining("printf 'warmbake-sccache %s\\n'") },
    ]);
  });

  test('write errors of read-only credentials', () => {
    expect(told({ says: [statisticsLine('stats-0.17-read-only.json')] }).line).toContain('1 write error,');
  });

  test('nothing was looked up, rather than a rate, where nothing compiled', () => {
    expect(told({ says: [statisticsLine('stats-0.17-after-failed-start.json')] }).line).toContain(
      'nothing was looked up',
    );
  });
});

describe('a server that did not start', () => {
  test('is the finding, not the zeros that sccache prints after it', () => {
    expect(told(BROKEN)).toEqual({
      line: expect.stringMatching(/^sccache {2}did not start \(denied\): Server startup failed/),
      codes: ['sccache-not-started'],
    });
  });

  test('names cause and remedy where it made the build fail', () => {
    const summary = summaryOf({ ...BROKEN, verdict: 'failed' });
    expect(startFailureOf(summary, COMPILE_STEP)).toEqual({
      message: expect.stringContaining('(denied)'),
      hint: expect.stringContaining('s3:ListBucket'),
    });
  });

  test('is not blamed for the failure of another step', () => {
    expect(startFailureOf(summaryOf(BROKEN), '[test 1/1] RUN pytest')).toBeUndefined();
  });

  test('is told beside the numbers where a later try started it', () => {
    const { line, codes } = told({ says: [...(BROKEN.says ?? []), statisticsLine('stats-0.17-cold.json')] });
    expect(line).toContain('33.3 % hits');
    expect(codes).toEqual(['sccache-not-started']);
  });
});

describe('several steps', () => {
  test('of stages and targets are summed up; what was not measured is told beside', () => {
    expect(told(COLD, COLD, { verdict: 'loaded' }).line).toBe(
      'sccache  33.3 % hits (2 of 6; misses: C/C++ 4), reading 0.0 s, compiling 0.2 s, s3, name: wb-store, prefix: /pre/cold/; 1 more step not measured',
    );
  });
});

test('nothing is warned about where sccache is off', () => {
  const off = settingsOf({ enabled: false });
  expect(sccacheWarnings(summaryOf({ name: '[2/2] RUN make' }), off)).toEqual([]);
});
