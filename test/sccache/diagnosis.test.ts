import { expect, test } from 'vitest';
import type { Checkup } from '../../src/sccache/checkup.ts';
import { type BuilderRegion, diagnose } from '../../src/sccache/diagnosis.ts';
import { settingsOf } from './settings.ts';

const WELL: Checkup = {
  credentials: { state: 'found', credentials: { accessKeyId: '', secretAccessKey: '' } },
  clockAheadMs: 0,
  read: { state: 'done' },
  list: { state: 'done' },
  write: { state: 'done' },
  policy: { state: 'none' },
  now: new Date('2026-08-21T11:00:00Z'),
};

function textOf(
  check: string,
  checkup: Partial<Checkup> = {},
  options: { readonly section?: object; readonly builders?: readonly BuilderRegion[] } = {},
): string | undefined {
  const sccache = settingsOf({ secret: 'aws', ...options.section });
  const { findings } = diagnose({ ...WELL, ...checkup }, sccache, options.builders ?? []);
  const found = findings.find((finding) => finding.check === check);
  return found === undefined ? undefined : `${found.state}: ${found.text}`;
}

test('builders in another region than the bucket are a warning that names both', () => {
  const builders = [
    { region: 'us-west-2', from: 'this machine' },
    { region: 'us-east-1', from: 'cache registry' },
  ];
  expect(textOf('region', {}, { builders })).toBe(
    'warning: the bucket is in us-west-2, builders are in us-east-1 (cache registry): each lookup waits for the way there and back',
  );
  expect(textOf('region', {}, { builders: builders.slice(0, 1) })).toBe('ok: us-west-2');
});

test('credentials that end within the time a build needs are a warning', () => {
  const credentials = {
    state: 'found',
    credentials: { accessKeyId: '', secretAccessKey: '', expires: new Date('2026-08-21T11:30:00Z') },
  } as const;
  expect(textOf('credentials', { credentials })).toBe(
    'warning: found; they end in 30 minutes, wanted are 60 minutes',
  );
});

test('without a build secret it is said that steps depend on the metadata service', () => {
  expect(textOf('credentials', {}, { section: { secret: undefined } })).toContain('hop limit 2');
});

test('a clock that is 6 minutes off is a warning, 14 seconds are fine', () => {
  expect(textOf('clock', { clockAheadMs: 360_000 })).toMatch(/^warning: 360 s behind the store/);
  expect(textOf('clock', { clockAheadMs: -14_000 })).toBe('ok: 14 s ahead of the store');
});

test('a missing s3:ListBucket is a warning as long as the check object exists', () => {
  const list = { state: 'refused', failure: { cause: 'denied', said: 'AccessDenied' } } as const;
  expect(textOf('list', { list })).toMatch(/^warning: s3:ListBucket on arn:aws:s3:::store is missing/);
});
