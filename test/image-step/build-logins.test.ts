import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LoginSettings, Settings } from '../../src/config/settings.ts';
import { WarmbakeError } from '../../src/platform/errors.ts';
import type { SessionPolicy } from '../../src/platform/iam-policy.ts';
import { decideLogins, loginHosts, loginWarnings } from '../../src/image-step/build-logins.ts';
import { allows } from '../iam/simulate.ts';
import { parse, FILE } from '../config/small-file.ts';

const ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const PUBLIC = 'public.ecr.aws';
const ROLES = { trusted: 'arn:aws:iam::1:role/main', untrusted: 'arn:aws:iam::1:role/others' };
const PULL_REQUEST = { trusted: false, ci: true };
const MAIN = { trusted: true, ci: true };

function settingsWith(logins: Partial<LoginSettings>, registry = ECR): Settings {
  const parsed = parse(FILE.replaceAll(/registry: .*/g, `registry: ${registry}`));
  if (!parsed.ok) throw new Error('the small file is broken');
  return { ...parsed.settings, logins: { credentials: 'session', assume: {}, ...logins } };
}

const named = (policy: SessionPolicy) => ({
  ...policy,
  Statement: policy.Statement.map((statement) => ({ ...statement, Sid: '' })),
});

/** What a session may do with a repository. */
function rightsOn(policy: SessionPolicy | undefined, repository: string): string {
  if (policy === undefined) return 'all of the job';
  const resource = `arn:aws:ecr:us-east-1:123456789012:repository/${repository}`;
  const may = (action: string) => allows(named(policy), { action: `ecr:${action}`, resource });
  return [
    may('BatchGetImage') && may('GetDownloadUrlForLayer') ? 'pull' : '',
    may('PutImage') || may('UploadLayerPart') || may('InitiateLayerUpload') ? 'push' : '',
    may('BatchDeleteImage') || may('SetRepositoryPolicy') || may('CreateRepository') ? 'more' : '',
  ].join(' ');
}

test.each([
  [PULL_REQUEST, { cache: 'pull  ', 'cache-test': 'pull push ', app: '  ', 'app-test': 'pull push ' }],
  [MAIN, { cache: 'pull push ', 'cache-test': '  ', app: 'pull push ', 'app-test': '  ' }],
])('the login of %j may use these repositories so: %j', (build, rights) => {
  const { ecr } = decideLogins(settingsWith({ assume: ROLES }), build);
  expect(ecr?.role).toBe(build.trusted ? ROLES.trusted : ROLES.untrusted);
  const all = [...Object.keys(rights), 'base/os', 'production'];
  expect(Object.fromEntries(all.map((name) => [name, rightsOn(ecr?.policy, name)]))).toEqual({
    ...rights,
    'base/os': '  ',
    production: '  ',
  });
});

test('base images that the configuration names can be pulled, and not pushed, by both', () => {
  const pull = [{ host: ECR, path: 'base/*' }];
  const settings = settingsWith({ assume: ROLES, pull });
  for (const build of [MAIN, PULL_REQUEST])
    expect(rightsOn(decideLogins(settings, build).ecr?.policy, 'base/os')).toBe('pull  ');
});

function policyUnlessTooLong(settings: Settings): SessionPolicy | undefined | 'too long' {
  try {
    return decideLogins(settings, PULL_REQUEST).ecr?.policy;
  } catch (error) {
    if (error instanceof WarmbakeError && error.code === 'session-policy-too-long') return 'too long';
    throw error;
  }
}

test('whatever repositories there are, the session of a pull request writes no trusted one and STS takes its policy, or it is refused', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,80}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { minLength: 4, maxLength: 4 }),
      fc.array(name, { maxLength: 25 }),
      fc.constantFrom(ECR, PUBLIC),
      ([a = '', b = '', c = '', d = ''], bases, images) => {
        const base = settingsWith({ assume: ROLES, pull: bases.map((path) => ({ host: ECR, path })) });
        const settings: Settings = {
          ...base,
          images: { trusted: { host: images, path: a }, untrusted: { host: images, path: b } },
          cache: {
            ...base.cache,
            trusted: { host: ECR, path: c },
            untrusted: { host: ECR, path: d },
          },
        };
        const policy = policyUnlessTooLong(settings);
        if (policy === 'too long') return;
        expect(JSON.stringify(policy).length).toBeLessThanOrEqual(2048);
        expect(rightsOn(policy, c)).toBe('pull  ');
        const put = policy?.Statement.filter(({ Action }) => Action.some((one) => one.endsWith(':PutImage')));
        expect(put?.flatMap(({ Resource }) => Resource).some((arn) => arn.endsWith(`/${a}`))).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});

test('a policy that STS would not take is refused with its length and the way out', () => {
  const pull = Array.from({ length: 40 }, (_, i) => ({ host: ECR, path: `base/image-${i}` }));
  expect(() => decideLogins(settingsWith({ assume: ROLES, pull }), PULL_REQUEST)).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/of untrusted builds has \d{4} characters, and STS takes 2048/),
      hint: expect.stringContaining('host/prefix/*'),
    }),
  );
});

test('the login of the public registry is for its token, and to write the untrusted images', () => {
  const policy = decideLogins(settingsWith({ assume: ROLES }, `${PUBLIC}/alias`), PULL_REQUEST).ecr?.policy;
  if (policy === undefined) throw new Error('no session');
  const may = (action: string, resource = '*') => allows(named(policy), { action, resource });
  const images = (name: string) => `arn:aws:ecr-public::123456789012:repository/${name}`;
  expect([
    may('ecr-public:GetAuthorizationToken'),
    may('sts:GetServiceBearerToken'),
    may('ecr-public:PutImage', images('app-test')),
    may('ecr-public:PutImage', images('app')),
  ]).toEqual([true, true, true, false]);
});

describe('who gets which logins', () => {
  const pull = [{ host: 'ghcr.io' }, { host: ECR, path: 'base' }, { host: PUBLIC }];

  test.each([
    ['a pull request', PULL_REQUEST, {}, { hosts: [] }],
    ['a pull request', PULL_REQUEST, { pull }, { hosts: ['ghcr.io'] }],
    ['a pull request where the role is narrow', PULL_REQUEST, { credentials: 'job' }, { hosts: [] }],
    ['main', MAIN, { pull }, {}],
    ['a person', { trusted: false, ci: false }, { assume: ROLES }, {}],
  ] as const)('%s (%j) with %j: %j', (_, build, logins, grant) => {
    expect(decideLogins(settingsWith(logins), build)).toEqual(grant);
  });

  test('registries of ECR that base images come from are logged in to as the others', () => {
    expect(loginHosts(settingsWith({ pull }, 'registry.example.com'))).toEqual([
      'registry.example.com',
      ECR,
      PUBLIC,
    ]);
  });
});

describe('an untrusted build says', () => {
  const codes = (
    logins: Partial<LoginSettings>,
    { build = PULL_REQUEST, registry = ECR, withheld = ['ghcr.io'] } = {},
  ) => loginWarnings(settingsWith(logins, registry), build, withheld).map(({ code }) => code);

  test('that its login has all rights of the job, and that it has none for other hosts', () => {
    expect(codes({})).toEqual(['ecr-login-of-job', 'logins-withheld']);
    const [whole, withheld] = loginWarnings(settingsWith({}), PULL_REQUEST, ['ghcr.io']);
    expect(whole?.message).toMatch(/logins\.assume\.untrusted.*logins\.credentials: job/);
    expect(withheld?.message).toMatch(/for ghcr\.io: name in logins\.pull/);
  });

  test('nothing of it where the configuration has decided', () => {
    expect(codes({ assume: ROLES, pull: [] })).toEqual([]);
    expect(codes({ credentials: 'job', pull: [] })).toEqual([]);
    expect(codes({}, { registry: 'registry.example.com', withheld: [] })).toEqual([]);
  });

  test('nothing where it is trusted, or a person’s', () => {
    expect(codes({}, { build: MAIN })).toEqual([]);
    expect(codes({}, { build: { trusted: false, ci: false } })).toEqual([]);
  });
});
