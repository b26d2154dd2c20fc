import { readdir, readFile } from 'node:fs/promises';
import { Server } from 'node:net';
import path from 'node:path';
import { describe, expect, vi } from 'vitest';
import { startSignedStore } from '../../parts/signed-store.ts';
import { fastClock } from '../registry/fixture-host.ts';
import { test } from '../tiers/real.ts';
import { aDay, executed, makeChainAgent } from './chain-agent.ts';
import { OF_THE_COMMIT, STEPS } from './chain-project.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { MAIN, pullRequest } from '../../parts/ci-job/variables.ts';
import { putCache, tagsOf } from './registry-content.ts';

const REBASED = [...STEPS.compiled, ...STEPS.app, ...OF_THE_COMMIT['test-ci']].toSorted();
const DAY = { main: MAIN, request: pullRequest() };

const ANY = ['manifest', 'index'].map((kind) => `application/vnd.oci.image.${kind}.v1+json`).join(', ');

/** Text by what it is. */
type Texts = Readonly<Record<string, string>>;

/** Those that hold one of the secrets. */
function leaks(texts: Texts, secrets: readonly string[]): readonly string[] {
  return Object.entries(texts)
    .filter(([, text]) => secrets.some((secret) => text.includes(secret)))
    .map(([name]) => name);
}

/** Everything that the repositories of an agent hold under a tag: manifests, and what these name that is JSON. */
async function pushedJson(host: string, repositories: readonly string[]): Promise<Texts> {
  const texts: Record<string, string> = {};
  const read = async (repository: string, name: string): Promise<void> => {
    const found = await fetch(`http://${host}/v2/${repository}/manifests/${name}`, {
      headers: { accept: ANY },
    });
    const body = await found.text();
    texts[`${repository} ${name}`] = body;
    const {
      manifests = [],
      config,
      layers = [],
    } = JSON.parse(body) as {
      readonly manifests?: readonly { readonly digest: string }[];
      readonly config?: { readonly digest: string; readonly mediaType: string };
      readonly layers?: readonly { readonly digest: string; readonly mediaType: string }[];
    };
    for (const { digest } of manifests) await read(repository, digest);
    for (const { digest, mediaType } of [...(config === undefined ? [] : [config]), ...layers]) {
      if (!/json|cacheconfig/.test(mediaType)) continue;
      texts[`${repository} ${digest}`] = await (
        await fetch(`http://${host}/v2/${repository}/blobs/${digest}`)
      ).text();
    }
  };
  for (const repository of repositories) {
    for (const tag of await tagsOf(host, repository)) await read(repository, tag);
  }
  return texts;
}

describe('a registry that keeps its layers elsewhere, as ECR does on S3', () => {
  test('sends BuildKit there through the gateway: nothing passes this process, and no signature is written down', async ({
    ownEngine: engine,
    registry,
    onTestFinished,
  }) => {
    const store = await startSignedStore(registry.host);
    onTestFinished(store.stop);
    await using at = await makeChainAgent(engine, { images: registry.host, cache: store.host });
    await aDay(at, DAY);
    await at.machine('empty');
    const before = store.fetched.length;
    const { agent } = at;
    const built = await at.repeat(pullRequest());
    expect(executed(built)).toEqual(REBASED);
    const { pushed, uncached } = await at.files(built);
    expect(pushed).toEqual(uncached);

    // Who served what: exactly what the place that keeps the layers has handed out.
    const shares = built.result.targets[0]?.donors ?? [];
    const configs = new Set(shares.flatMap(({ layers }) => layers));
    const fetched = store.fetched.slice(before).filter(({ digest }) => configs.has(digest));
    expect(fetched.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(fetched.map(({ digest }) => digest))).toEqual(configs);
    expect(shares.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(
      fetched.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    expect(shares.map(({ donor }) => donor)).toEqual(
      'donors' in built.result.import ? built.result.import.donors : [],
    );
    const [mains = [], owns = []] = ['/cache-main:', '/cache-test:'].map((repository) =>
      shares.filter(({ donor }) => donor.includes(repository)).flatMap(({ layers }) => layers),
    );
    expect([mains.length > 0, owns.length > 0]).toEqual([true, true]);
    for (const { donor, layers } of shares.filter((share) => share.layers.length > 0)) {
      expect(built.stderr).toMatch(new RegExp(`^loaded +${layers.length} layers, .* from ${donor}$`, 'm'));
    }
    const texts = {
      stdout: built.stdout,
      stderr: built.stderr,
      result: JSON.stringify(built.result),
      ...(await agent.sent()),
    };
    expect(leaks(texts, store.signatures)).toEqual([]);

    // Signatures that do not count any more: only BuildKit sees that, and it says which layer it was.
    const gone: ReadonlySet<string> = new Set(mains);
    store.expire((digest, repository) => repository === agent.repositories.cache.main && gone.has(digest));
    await at.machine('empty');
    const again = await at.repeat(pullRequest());
    expect(again.result.warnings.map(({ code }) => code)).toEqual(['build-retried']);
    expect(again.result.targets).toMatchObject([{ outcome: 'built' }]);
    const files = await at.files(again);
    expect(files.pushed).toEqual(files.uncached);
    const said = { stderr: again.stderr, result: JSON.stringify(again.result), ...(await agent.sent()) };
    expect(leaks(said, store.signatures)).toEqual([]);
  });
});

test('a plan says that it would open a gateway, and opens none', async ({
  engine,
  registry,
  onTestFinished,
}) => {
  await using agent = await makeAgent(engine.env, { images: registry.host });
  await putCache(registry.host, `${agent.repositories.cache.main}:latest`);
  const listening = vi.spyOn(Server.prototype, 'listen');
  onTestFinished(() => listening.mockRestore());
  expect(await agent.plan(pullRequest())).toMatchObject({ import: { way: 'gateway' } });
  expect(listening).not.toHaveBeenCalled();
  await agent.build(pullRequest(), { clock });
  expect(listening, 'a build opens one').toHaveBeenCalledOnce();
});

test('the secret of the gateway is nowhere: arguments, log, record, annotation, artifact, registry, scratch (L9)', async ({
  ownEngine: engine,
  registry,
  faults,
}) => {
  await using at = await makeChainAgent(
    engine,
    { images: registry.host, cache: faults.host },
    { time: fastClock() },
  );
  const { agent } = at;
  await at.build(MAIN);
  await agent.checkout.git('switch', '--quiet', '--create', 'work');
  await agent.checkout.commit({ 'source.txt': 'two\n' });
  await at.machine('empty');
  await agent.calls();
  // An error that BuildKit tells with the address that it asked.
  const broken = ({ method, path: to }: { readonly method: string; readonly path: string }): boolean =>
    method === 'GET' && /cache-main\/blobs\//.test(to);
  let configs = 2;
  faults.set([
    { on: (asked) => broken(asked) && (configs -= 1) < 0, fault: { kind: 'answer', status: 500 } },
  ]);
  const secrets = await secretsOf(async () => await at.build(pullRequest()));
  const { built } = secrets;
  expect(secrets.found.length, 'the definition held it while the build ran').toBe(1);
  expect(built.result.targets[0]?.failures.length).toBeGreaterThan(0);
  const { images, cache } = agent.repositories;
  const everything = {
    stdout: built.stdout,
    stderr: built.stderr,
    result: JSON.stringify(built.result),
    arguments: (await agent.calls()).join('\n'),
    ...(await agent.sent()),
    ...(await pushedJson(registry.host, [images.test, cache.test])),
  };
  expect(Object.keys(everything).length).toBeGreaterThan(8);
  expect(leaks(everything, secrets.found)).toEqual([]);
  expect(await readdir(agent.temp)).toEqual([]);

  /** Runs a build and reads the secret from the definition, where only this user can. */
  async function secretsOf<T>(
    run: () => Promise<T>,
  ): Promise<{ readonly built: T; readonly found: readonly string[] }> {
    const found = new Set<string>();
    const building = run();
    const ended = building.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([ended, new Promise<false>((resolve) => setTimeout(resolve, 20, false))]))) {
      for (const folder of await readdir(agent.temp)) {
        const text = await readFile(path.join(agent.temp, folder, 'definition.json'), 'utf8').catch(() => '');
        const [, secret] = /ref=127\.0\.0\.1:\d+\/([0-9a-f]{32})\//.exec(text) ?? [];
        if (secret !== undefined) found.add(secret);
      }
    }
    return { built: await building, found: [...found] };
  }
});
