import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideGrant } from '../../src/sccache/grant.ts';
import { bucketStatements } from '../../src/sccache/policy.ts';
import { settingsOf } from './settings.ts';

const WRITER = 'arn:aws:iam::123456789012:role/writer';
const READER = 'arn:aws:iam::123456789012:role/reader';
const both = { trusted: WRITER, untrusted: READER };

test.each([
  [{}, true, { kind: 'job' }],
  [{}, false, { kind: 'withheld' }],
  [{ assume: { trusted: WRITER } }, false, { kind: 'withheld' }],
  [{ assume: { untrusted: READER } }, true, { kind: 'job' }],
  [{ assume: both }, true, { kind: 'session', role: WRITER, access: 'read-write' }],
  [{ assume: both }, false, { kind: 'session', role: READER, access: 'read-only' }],
  [{ credentials: 'job' }, false, { kind: 'job' }],
  [{ credentials: 'job' }, true, { kind: 'job' }],
] as const)('with %j and trusted %s, steps get %j', (section, trusted, grant) => {
  expect(decideGrant(settingsOf(section), { trusted })).toEqual(grant);
});

test("the job's own credentials never reach an untrusted build without the word for it, nor does a right to write", () => {
  const role = fc.option(fc.constantFrom(WRITER, READER), { nil: undefined });
  fc.assert(
    fc.property(role, role, (trusted, untrusted) => {
      const assume = {
        ...(trusted === undefined ? {} : { trusted }),
        ...(untrusted === undefined ? {} : { untrusted }),
      };
      const grant = decideGrant({ credentials: 'session', assume }, { trusted: false });
      expect(grant.kind).not.toBe('job');
      expect(grant).not.toMatchObject({ access: 'read-write' });
      expect('role' in grant ? grant.role : undefined).toBe(untrusted);
    }),
  );
});

test('the policy of the bucket knows the roles that are taken: one writes, one reads', () => {
  const place = { partition: 'aws', account: '123456789012' };
  const statements = bucketStatements(settingsOf({ assume: both }), place);
  const of = (action: string, effect: string) =>
    statements
      .filter(({ Action, Effect }) => Action.includes(action) && Effect === effect)
      .map(({ Principal }) => Principal);
  expect(of('s3:GetObject', 'Allow')).toEqual([{ AWS: [READER, WRITER] }]);
  expect(of('s3:PutObject', 'Allow')).toEqual([{ AWS: [WRITER] }]);
});
