import { describe, expect, test } from 'vitest';
import type { BuildContext } from '../../src/context/context.ts';
import { isCommitSha } from '../../src/ci/commit-sha.ts';
import { pushRightsOf } from '../../src/image-step/push-rights.ts';
import { openQuestions, type QuestionRequest } from '../../src/image-step/registry-questions.ts';
import { openSilenceCheck } from '../../src/image-step/silent-source.ts';
import { readSwitches } from '../../src/image-step/switches.ts';
import { writesOf } from '../../src/image-step/target-plan.ts';
import { VERSION } from '../../src/platform/version.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { cacheSources } from '../../src/refs/sources.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { SMALL, settingsOf } from '../bake/small-settings.ts';
import { COMMIT } from '../context/recorded.ts';
import { credentialsOf, openHost } from '../registry/fixture-host.ts';
import { startFixtureRegistry } from '../registry/fixture-registry.ts';

/** A pull request's questions to a registry, which says what it was asked. */
async function open(
  {
    builds = true,
    imports = false,
    ...request
  }: Partial<QuestionRequest> & { readonly builds?: boolean; readonly imports?: boolean },
  env: Readonly<Record<string, string>> = {},
) {
  const server = await startFixtureRegistry();
  const host = await openHost();
  const settings = settingsOf(SMALL.replaceAll('127.0.0.1:1', server.host));
  if (!isCommitSha(COMMIT)) throw new Error(COMMIT);
  const context: BuildContext = {
    origin: { kind: 'pull-request', number: 7, branch: 'work', base: 'main' },
    trusted: false,
    because: '',
    commit: COMMIT,
  };
  const registry = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
  const silence = imports ? { silence: openSilenceCheck({ registry, host }) } : {};
  const services = { registry, host, settings, switches: readSwitches(env, VERSION), ...silence };
  const pushRight = pushRightsOf(registry);
  const asking = { offline: false, force: false, ...(builds ? { pushRight } : {}), ...request };
  const questions = openQuestions(services, asking);
  const targets = settings.targets.slice(0, 1).map((target) => ({
    writes: writesOf(context, target, { settings, push: true }),
    candidates: cacheSources(context, target, settings),
  }));
  const [target] = targets;
  if (target === undefined) throw new Error('no target');
  return {
    server,
    questions,
    pushRight,
    target,
    foresee: () => questions.foresee({ context, targets }),
    /** Once nothing follows any more; each answer was given to the end. */
    asked: async () => {
      for (let before = -1; before !== server.seen.length;) {
        before = server.seen.length;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const about = (seen: { readonly method: string; readonly path: string }): string =>
        `${seen.method} ${seen.path.replace(/\/uploads\/.*/, '/uploads/').replace('/v2/app/', '')}`;
      return server.seen.map(about).toSorted();
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

const RIGHTS = ['cache-test', 'images-test'].flatMap((name) => [
  `DELETE ${name}/blobs/uploads/`,
  `POST ${name}/blobs/uploads/`,
]);
const SOURCES = [
  `GET cache-main/manifests/${COMMIT}`,
  'GET cache-main/manifests/latest',
  `GET cache-test/manifests/${COMMIT}`,
  'GET cache-test/manifests/pr-7',
];
const IMAGE = `GET images-test/manifests/${COMMIT}`;

describe('what is foreseen is asked at once:', () => {
  test.for<[string, Parameters<typeof open>[0], readonly string[]]>([
    ['sources, the image, and where that is not there the right to push', {}, [...SOURCES, IMAGE, ...RIGHTS]],
    ['no image, where a build is wanted anyway', { force: true }, [...SOURCES, ...RIGHTS]],
    ['no right, where nothing is to be built', { builds: false }, [...SOURCES, IMAGE]],
    ['only rights, where caches are not to be asked for', { offline: true }, RIGHTS],
    [
      'the cache that is imported unseen, whether it says anything',
      { offline: true, imports: true },
      ['GET cache-main/manifests/latest', ...RIGHTS],
    ],
  ])('%s', async ([, request, expected]) => {
    await using at = await open(request);
    at.foresee();
    expect(await at.asked()).toEqual([...expected].toSorted());
    expect([...at.server.uploads]).toEqual([]);
  });

  test('nothing, where no registry is to have a part', async () => {
    await using at = await open({ imports: true }, { WARMBAKE_BYPASS: '1' });
    at.foresee();
    expect(await at.asked()).toEqual([]);
  });
});

test('no right is asked for where the image is there, with its commit', async () => {
  await using at = await open({});
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64' }));
  const digest = digestOf(config);
  at.server.blobs.set(digest, config);
  at.server.keep('app/images-test', COMMIT, {
    schemaVersion: 2,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: config.length },
    layers: [],
    annotations: { 'org.opencontainers.image.revision': COMMIT },
  });
  at.foresee();
  expect((await at.asked()).filter((line) => line.includes('uploads'))).toEqual([]);
});

test('what was foreseen is not asked for again when it is needed', async () => {
  await using at = await open({});
  at.foresee();
  at.foresee();
  const { writes, candidates } = at.target;
  const [[probed], facts] = await Promise.all([
    at.questions.probe([candidates]),
    at.questions.images(writes.tags),
  ]);
  await Promise.all([...writes.tags, ...writes.exportTo].map(at.pushRight));
  expect(probed?.sources.map(({ state }) => state)).toEqual(candidates.map(() => 'missing'));
  expect(facts.map(({ fact }) => fact.state)).toEqual(['missing']);
  expect(await at.asked()).toEqual([...SOURCES, IMAGE, ...RIGHTS].toSorted());
});

test('a right that is refused is refused for whoever asks later', async () => {
  await using at = await open({ force: true });
  at.server.interfere = ({ method }, answer) => {
    if (method !== 'POST') return undefined;
    answer.writeHead(403).end();
    return 'answered';
  };
  at.foresee();
  await at.asked();
  at.server.interfere = () => undefined;
  const [tag] = at.target.writes.tags;
  expect(tag === undefined ? undefined : await at.pushRight(tag)).toMatchObject({
    can: false,
    kind: 'denied',
  });
});
