import { describe, expect, test } from 'vitest';
import { sccacheArguments } from '../../src/bake/overlay.ts';
import { environmentText, sccacheVariables } from '../../src/sccache/environment.ts';
import { withoutSccache } from '../../src/sccache/switched-off.ts';
import { fullSettingsOf, problemsOf, settingsOf } from './settings.ts';

const ARN = 'arn:aws:iam::123456789012:role/store';

describe('the section', () => {
  test.for([true, 'true', 'True', 'on', 'yes', '1', 1])('takes %j for true', (enabled) => {
    expect(settingsOf({ enabled }).enabled).toBe(true);
  });

  test.for([false, 'false', 'off', 'no', '0', 0])('takes %j for false', (enabled) => {
    expect(settingsOf({ enabled }).enabled).toBe(false);
  });

  test.for<[Readonly<Record<string, unknown>>, string]>([
    [{ enabled: '' }, "sccache.enabled: '' is neither true nor false"],
    [{ enabled: 'maybe' }, "sccache.enabled: 'maybe' is neither true nor false"],
    [{ enabled: 2 }, "sccache.enabled: '2' is neither true nor false"],
    [{ enabled: [] }, 'sccache.enabled: write true or false'],
    [
      { bucket: 'Store' },
      "sccache.bucket: 'Store' is not a bucket name; write lower-case letters, digits, '-' and '.'",
    ],
    [{ bucket: 'ab' }, "sccache.bucket: 'ab' has 2 characters; S3 wants 3 to 63"],
    [
      { bucket: '-store' },
      "sccache.bucket: '-store' is not a bucket name; begin and end it with a letter or digit, and write no two dots together",
    ],
    [
      { bucket: 'a..b' },
      "sccache.bucket: 'a..b' is not a bucket name; begin and end it with a letter or digit, and write no two dots together",
    ],
    [{ bucket: '192.168.5.4' }, "sccache.bucket: '192.168.5.4' looks like an IP address, which S3 refuses"],
    [{ bucket: 'xn--store' }, "sccache.bucket: 'xn--store' has 'xn--', which S3 keeps for itself"],
    [
      { bucket: 'store-s3alias' },
      "sccache.bucket: 'store-s3alias' has '-s3alias', which S3 keeps for itself",
    ],
    [{ region: 'us-west' }, "sccache.region: 'us-west' is not a valid AWS region"],
    [{ region: 'auto' }, "sccache.region: 'auto' is not a valid AWS region"],
    [{ prefix: '/a' }, "sccache.prefix: '/a' is not a key prefix; write words joined by '/'"],
    [{ prefix: 'a/../b' }, "sccache.prefix: 'a/../b' is not a key prefix; write words joined by '/'"],
    [
      { endpoint: 'minio:9000' },
      "sccache.endpoint: 'minio:9000' is not a valid endpoint; write http(s)://host[:port]",
    ],
    [{ secret: 'a,b' }, "sccache.secret: 'a,b' is not a valid secret id"],
    [
      { secret: 'aws', anonymous: true },
      'sccache.secret: no credentials are used where anonymous is true; remove one of the two',
    ],
    [{ expireDays: 0 }, 'sccache.expireDays: write 1 or more'],
    [
      { credentialsLast: '1 hour' },
      "sccache.credentialsLast: '1 hour' is not a valid duration; write it like 90m or 2h",
    ],
    [
      { roles: { trusted: ['arn:aws:iam::1:role/x'] } },
      "sccache.roles.trusted[0]: 'arn:aws:iam::1:role/x' is not a valid IAM role; write its name (in the bucket's account) or its ARN",
    ],
    [
      { roles: { trusted: ['ci'], untrusted: ['pr', 'ci'] } },
      "sccache.roles.untrusted[1]: 'ci' is in roles.trusted already: it would read and write",
    ],
    [
      { assume: { untrusted: 'reader' } },
      "sccache.assume.untrusted: 'reader' is not a valid ARN of an IAM role",
    ],
    [
      { assume: { trusted: ARN, untrusted: ARN } },
      `sccache.assume.untrusted: '${ARN}' is assume.trusted already: whoever may take it may write`,
    ],
    [
      { credentials: 'job', assume: { untrusted: ARN } },
      'sccache.credentials: no role is taken where credentials is job; remove one of the two',
    ],
    [{ credentials: 'all' }, "sccache.credentials: 'all' is not one of session, job"],
    [{ arguments: { bucket: 'USE_SCCACHE' } }, 'sccache.arguments: two settings have one argument name'],
    [{ arguments: { bucket: 'a b' } }, "sccache.arguments.bucket: 'a b' is not a valid argument name"],
  ])('%j is refused: %s', ([written, problem]) => {
    expect(problemsOf(written)).toEqual([problem]);
  });
});

describe('build arguments', () => {
  test('carry the names that the Dockerfile has; prefix and endpoint only where they are set', () => {
    const args = { enabled: 'SCCACHE', bucket: 'STORE' };
    expect(Object.fromEntries(sccacheArguments(settingsOf({ arguments: args })))).toEqual({
      SCCACHE: '1',
      STORE: 'store',
      SCCACHE_REGION_NAME: 'us-west-2',
      SCCACHE_S3_NO_CREDENTIALS: '0',
    });
    const more = settingsOf({ region: 'auto', endpoint: 'https://r2.example', prefix: 'a/b' });
    expect(Object.fromEntries(sccacheArguments(more))).toMatchObject({
      SCCACHE_S3_KEY_PREFIX: 'a/b',
      SCCACHE_ENDPOINT: 'https://r2.example',
    });
  });

  test('do not change with roles or credentials, which are not part of the layer key', () => {
    const without = sccacheArguments(settingsOf());
    const roles = { trusted: ['post'], untrusted: ['pre'] };
    const assume = { untrusted: ARN };
    expect(sccacheArguments(settingsOf({ secret: 'aws-credentials', roles, assume }))).toEqual(without);
  });

  test('say 0 for a build that does without', () => {
    expect(sccacheArguments(withoutSccache(fullSettingsOf()).sccache)[0]).toEqual(['USE_SCCACHE', '0']);
  });
});

describe('variables of a plain host', () => {
  const settings = settingsOf({ prefix: 'a/b' });

  test('are export lines for a shell, NAME=value for environment files, an object as JSON', () => {
    const variables = sccacheVariables(settings, { readOnly: false });
    expect(environmentText(variables, 'sh')).toBe(
      "export SCCACHE_BUCKET='store'\nexport SCCACHE_REGION='us-west-2'\nexport SCCACHE_S3_KEY_PREFIX='a/b'\nexport SCCACHE_IDLE_TIMEOUT='0'\n",
    );
    expect(environmentText(variables, 'env')).toBe(
      'SCCACHE_BUCKET=store\nSCCACHE_REGION=us-west-2\nSCCACHE_S3_KEY_PREFIX=a/b\nSCCACHE_IDLE_TIMEOUT=0\n',
    );
    expect(JSON.parse(environmentText(variables, 'json'))).toEqual(variables);
  });

  test('tell a reader to write nothing, and one without credentials that it needs none', () => {
    const anonymous = settingsOf({ anonymous: true });
    expect(sccacheVariables(anonymous, { readOnly: true })).toMatchObject({
      SCCACHE_S3_RW_MODE: 'READ_ONLY',
      SCCACHE_S3_NO_CREDENTIALS: 'true',
    });
  });

  test('are none where sccache is off', () => {
    const off = sccacheVariables(settingsOf({ enabled: false }), { readOnly: false });
    expect(environmentText(off, 'sh')).toBe('');
    expect(environmentText(off, 'json')).toBe('{}\n');
  });
});
