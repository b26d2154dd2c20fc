import { describe, expect, test } from 'vitest';
import { FILE, parse, said } from './small-file.ts';

const withLogins = (written: object): string => `${FILE}logins: ${JSON.stringify(written)}\n`;
const ARN = 'arn:aws:iam::123456789012:role/reader';
const ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com';

describe('logins', () => {
  test('are those of the job where nothing is said, and nobody has said what base images need', () => {
    expect(parse(FILE)).toMatchObject({ settings: { logins: { credentials: 'session', assume: {} } } });
    expect(JSON.stringify(parse(FILE))).not.toContain('"pull"');
  });

  test('name hosts, and of ECR repositories', () => {
    const pull = ['docker.io', 'registry.example.com:5000', `${ECR}/base`, `${ECR}/ci/*`, `${ECR}/*`];
    expect(parse(withLogins({ assume: { untrusted: ARN }, pull }))).toMatchObject({
      settings: {
        logins: {
          assume: { untrusted: ARN },
          pull: [
            { host: 'docker.io' },
            { host: 'registry.example.com:5000' },
            { host: ECR, path: 'base' },
            { host: ECR, path: 'ci/*' },
            { host: ECR, path: '*' },
          ],
        },
      },
    });
  });

  test.each([
    [{ assume: { untrusted: 'reader' } }, "assume.untrusted: 'reader' is not a valid ARN of an IAM role"],
    [
      { assume: { trusted: ARN, untrusted: ARN } },
      `assume.untrusted: '${ARN}' is assume.trusted already: whoever may take it may write`,
    ],
    [
      { credentials: 'job', assume: { trusted: ARN } },
      'credentials: no role is taken where credentials is job; remove one of the two',
    ],
    [
      { pull: [ECR] },
      `pull[0]: '${ECR}' names no repository of ECR; write host/repository, or host/prefix/* for all below a prefix`,
    ],
    [{ pull: [`${ECR}/a*b`] }, `pull[0]: '${ECR}/a*b' names no repository of ECR`],
    [{ pull: [`${ECR}/*/b`] }, `pull[0]: '${ECR}/*/b' names no repository of ECR`],
    [{ pull: ['ghcr.io/team/app'] }, "pull[0]: a login is for all of a host, not for 'ghcr.io/team/app'"],
    [{ pull: ['https://ghcr.io'] }, "pull[0]: 'https://ghcr.io' is not a registry host"],
    [{ pull: ['alpine'] }, "pull[0]: 'alpine' is not a registry host"],
    [{ pull: ['*'] }, "pull[0]: '*' is not a registry host"],
  ])('%j is refused: %s', (written, problem) => {
    expect(said(withLogins(written))).toEqual([expect.stringContaining(`logins.${problem}`)]);
  });
});
