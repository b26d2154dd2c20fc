import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listenForSccache } from '../../src/sccache/listener.ts';
import { parseStatistics } from '../../src/sccache/statistics.ts';
import { recorded, statisticsLine } from './recorded.ts';

describe('statistics as sccache prints them', () => {
  test('0.17 with S3 tells hits and misses by language, and where it stores', () => {
    expect(parseStatistics(recorded('stats-0.17-cold.json'))).toMatchObject({
      ok: true,
      statistics: {
        locations: ['s3, name: wb-store, prefix: /pre/cold/'],
        version: '0.17.0',
        requests: 4,
        hits: { 'C/C++': 1 },
        misses: { 'C/C++': 2 },
        notCacheable: 1,
        writeErrors: 0,
      },
    });
  });

  test('0.10 without S3 tells its local disk', () => {
    expect(parseStatistics(recorded('stats-0.10-local-disk.json'))).toMatchObject({
      ok: true,
      statistics: { locations: ['Local disk: "/root/.cache/sccache"'], seconds: { compiling: 0.122 } },
    });
  });

  test.for<[string, string, string]>([
    ['nothing', '', 'sccache printed nothing'],
    ['a line that was cut', recorded('stats-0.17-cold.json').slice(0, 300), 'no JSON, or cut off'],
    ['another format', 'Compile requests  4', 'no JSON, or cut off'],
    [
      'counts that became a plain number',
      recorded('stats-0.17-cold.json').replace('"cache_hits":{"counts":{"C/C++":1}', '"cache_hits":{"n":1'),
      "'stats.cache_hits.counts' is not what sccache 0.10 to 0.17 prints",
    ],
    [
      'a negative count',
      recorded('stats-0.17-cold.json').replace('"compile_requests":4', '"compile_requests":-4'),
      "'stats.compile_requests' is not what sccache 0.10 to 0.17 prints",
    ],
  ])('%s is unreadable, and why', ([, text, because]) => {
    expect(parseStatistics(text)).toEqual({ ok: false, because });
  });

  test('any prefix of the JSON is unreadable, never a crash and never half a number', () => {
    const whole = recorded('stats-0.17-warm.json');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        expect(parseStatistics(whole.slice(0, length)).ok).toBe(false);
      }),
    );
  });
});

describe('listening', () => {
  test('takes the marker at the start of a line only, so that a traced command is not its output', () => {
    const { hear, heard } = listenForSccache();
    hear({ type: 'log', id: 'a', lines: [statisticsLine('stats-0.17-warm.json')] });
    hear({ type: 'log', id: 'a', lines: [`+ printf 'warmbake-sccache %s\\n' {}`] });
    expect(heard().get('a')?.statistics).toBe(recorded('stats-0.17-warm.json'));
  });

  test('keeps the last statistics of a step, since they only grow', () => {
    const { hear, heard } = listenForSccache();
    hear({ type: 'log', id: 'a', lines: ['warmbake-sccache first', 'warmbake-sccache last'] });
    expect(heard().get('a')).toEqual({ statistics: 'last' });
  });

  test('keeps little of a step that fails a thousand times', () => {
    const { hear, heard } = listenForSccache();
    const line = 'sccache: error: Server startup failed: cache storage failed to read: no';
    for (let n = 0; n < 1000; n += 1)
      hear({ type: 'log', id: 'a', lines: [`${line} ${n}`, 'x'.repeat(1000)] });
    expect(JSON.stringify([...heard()]).length).toBeLessThan(200);
  });
});
