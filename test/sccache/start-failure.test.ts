import { describe, expect, test } from 'vitest';
import { judgeStartFailure, startFailureIn } from '../../src/sccache/start-failure.ts';
import { recorded } from './recorded.ts';

function judge(name: string) {
  const [first = '', ...context] = recorded(name).split('\n');
  const message = startFailureIn(first);
  return message === undefined ? undefined : judgeStartFailure(message, context);
}

describe('what a real sccache 0.17 says when its server does not start', () => {
  test.for([
    ['start-no-credentials.txt', 'no-credentials'],
    ['start-expired-credentials.txt', 'expired-credentials'],
    ['start-unknown-key.txt', 'wrong-credentials'],
    ['start-bad-signature.txt', 'wrong-credentials'],
    ['start-clock.txt', 'clock'],
    ['start-denied.txt', 'denied'],
    ['start-no-bucket.txt', 'no-bucket'],
    ['start-wrong-region-redirect.txt', 'wrong-region'],
    ['start-wrong-region-signature.txt', 'wrong-region'],
    ['start-connection-refused.txt', 'unreachable'],
    ['start-no-such-host.txt', 'unreachable'],
    ['start-bad-setting.txt', 'bad-setting'],
    ['start-no-s3.txt', 'no-s3-support'],
  ] as const)('%s is %s', ([file, cause]) => {
    expect(judge(file)?.cause).toBe(cause);
  });

  test('the reason behind a failed request is told with it', () => {
    expect(judge('start-connection-refused.txt')?.said).toContain('Connection refused');
  });
});

test.for([
  ['sccache: error: Timed out waiting for server startup', 'timed-out'],
  ['sccache: error: cache storage failed to read: ServerBusy', 'unknown'],
  [
    'sccache: error: Server startup failed: cache storage failed to read: Unexpected (temporary) at read => loading credential to sign http request',
    'no-credentials',
  ],
] as const)('%s is %s', ([line, cause]) => {
  expect(judgeStartFailure(startFailureIn(line) ?? '').cause).toBe(cause);
});

test.for([
  "sccache: error: while hashing the input file '/tmp/nofile.c'",
  'sccache: encountered fatal error',
  'Server startup failed: my own server',
])('%s is no failed start', (line) => {
  expect(startFailureIn(line)).toBeUndefined();
});
