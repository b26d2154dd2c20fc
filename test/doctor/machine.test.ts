import { describe, expect, it } from 'vitest';
import { skewFinding } from '../../src/doctor/clock-skew.ts';
import { ENGINE_SPACE, SCRATCH_SPACE, diskFinding } from '../../src/doctor/disk-space.ts';
import { machineFinding } from '../../src/doctor/machine-verdict.ts';

const NOW = new Date('2026-08-21T12:00:00Z');
const HOUR = 3_600_000;

describe('the disk', () => {
  const space = (freeBytes: number, freeInodes = 1) => ({
    place: '/data',
    freeBytes,
    bytes: 500e9,
    freeInodes,
  });
  it.each<[string, number, number, string]>([
    ['has room', 20e9, 1, 'ok'],
    ['may be full before the build is done', 19.9e9, 1, 'warning'],
    ['is full', 0.9e9, 1, 'failed'],
    ['has room and no inodes', 100e9, 0.01, 'warning'],
  ])('of the engine %s', (_, free, inodes, state) => {
    expect(diskFinding('disk-engine', space(free, inodes), ENGINE_SPACE).state).toBe(state);
  });
  it('of this run needs less', () => {
    expect(diskFinding('disk-scratch', space(0.6e9), SCRATCH_SPACE).state).toBe('ok');
    expect(diskFinding('disk-scratch', space(40e6), SCRATCH_SPACE)).toMatchObject({
      state: 'failed',
      text: "40 MB of 500 GB free at /data, for this run's files",
      fix: expect.stringContaining('TMPDIR'),
    });
  });
  it('that cannot be seen is skipped, and why', () => {
    expect(diskFinding('disk-engine', 'it is elsewhere', ENGINE_SPACE)).toEqual({
      check: 'disk-engine',
      state: 'skipped',
      text: 'it is elsewhere',
    });
  });
});

describe('the clock', () => {
  const at = (seconds: number, host = 'r.io') => ({ host, aheadMs: seconds * 1000 });
  it.each<[string, number, string, RegExp]>([
    ['agrees within a minute', 59, 'ok', /^agrees with r\.io$/],
    ['is behind by more', 61, 'warning', /^61 s behind r\.io/],
    ['is so far ahead that AWS refuses', -301, 'failed', /^301 s ahead of r\.io/],
  ])('%s', (_, seconds, state, text) => {
    expect(skewFinding([at(seconds)])).toMatchObject({ state, text: expect.stringMatching(text) });
  });
  it('is believed where one server agrees: another may stand behind a proxy with a clock of its own', () => {
    expect(skewFinding([at(900, 'proxy'), at(1)]).state).toBe('ok');
  });
  it('is not judged where nobody said the time', () => {
    expect(skewFinding([]).state).toBe('skipped');
  });
});

describe('the machine image', () => {
  const instance = { type: 'c7i.4xlarge', zone: 'us-east-1a', image: 'ami-1' };
  const marker = (hours: number) => ({
    AMI_COMMIT: '0123456789abcdef',
    AMI_BUILD_TIME: new Date(NOW.getTime() - hours * HOUR).toISOString(),
  });
  const expected = { marker: '/etc/mark', families: true };
  it.each<[string, Parameters<typeof machineFinding>[0], object, string, RegExp]>([
    [
      'is warm and young',
      { instance, marker: marker(3) },
      {},
      'ok',
      /warm of commit 0123456789ab, 3\.0 h old$/,
    ],
    [
      'is older than the alarm allows',
      { instance, marker: marker(50) },
      { maximumAgeMs: 48 * HOUR },
      'warning',
      /2\.1 d old/,
    ],
    [
      'is older than a week, where nobody said what is old',
      { instance, marker: marker(169) },
      {},
      'warning',
      /7\.0 d old/,
    ],
    [
      'is cold although families are configured',
      { instance },
      {},
      'warning',
      /cold: no marker file \/etc\/mark/,
    ],
    ['is cold, and none is configured', { instance }, { families: false }, 'ok', /cold/],
    ["is none: somebody's own machine", {}, {}, 'ok', /^not on EC2; cold/],
    ['has a marker without a time', { marker: { AMI_COMMIT: 'abc' } }, {}, 'ok', /of unknown age$/],
    ['is from tomorrow', { marker: marker(-48) }, {}, 'warning', /made in the future$/],
  ])('%s', (_, machine, more, state, text) => {
    const finding = machineFinding(machine, { ...expected, ...more }, NOW);
    expect(finding).toMatchObject({ state, text: expect.stringMatching(text) });
  });
});
