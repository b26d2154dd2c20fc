import { expect, test } from 'vitest';
import { finishCache } from '../../src/image-step/finish-cache.ts';
import { openReadAhead } from '../../src/image-step/read-ahead.ts';
import { isDigest, isTag, type Reference } from '../../src/registry/reference.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { isCommitSha } from '../../src/ci/commit-sha.ts';
import { openHistory } from '../../src/context/history.ts';
import { credentialsOf, openHost } from '../registry/fixture-host.ts';
import { type Interference, startFixtureRegistry } from '../registry/fixture-registry.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const DIGEST = (n: number): string => `sha256:${String(n).repeat(64)}`;

const ANNOTATIONS = {
  buildNumber: 'buildkite.build-number',
  buildId: 'buildkite.build-id',
  revision: 'org.opencontainers.image.revision',
};

/** What a build with two results that nothing joins leaves: two leaves over one record. */
const TWO_LEAVES = JSON.stringify({
  layers: [],
  records: [
    { digest: DIGEST(1) },
    { digest: DIGEST(2), inputs: [[{ link: 0 }]] },
    { digest: DIGEST(3), inputs: [[{ link: 0 }]] },
  ],
});

interface Config {
  readonly records: readonly {
    readonly digest: string;
    readonly inputs?: readonly (readonly { readonly link?: number }[])[];
  }[];
}

/** Records that are nobody's input. */
function leavesOf({ records }: Config): readonly number[] {
  const inputs = new Set(
    records.flatMap((record) => record.inputs?.flat().map(({ link = 0 }) => link) ?? []),
  );
  return records.map((_, index) => index).filter((index) => !inputs.has(index));
}

async function exported(
  config: string,
  {
    name,
    interfere,
    early,
  }: {
    readonly name?: string;
    readonly interfere?: Interference;
    /** What the ref held when an export was told written: this build's, or what was there before. */
    readonly early?: 'own' | 'older' | 'nothing';
  } = {},
) {
  const server = await startFixtureRegistry();
  if (interfere !== undefined) server.interfere = interfere;
  const host = await openHost();
  const tag = COMMIT;
  if (!isTag(tag) || !isCommitSha(COMMIT)) throw new Error(tag);
  const ref: Reference = { host: server.host, path: 'cache', tag };
  const registry = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
  const ahead = openReadAhead(registry);
  const readAhead = async (): Promise<void> => {
    ahead.start([ref]);
    // A cache's config is asked for behind its manifest.
    const found = await ahead.manifest(ref);
    if (found?.state !== 'found') return;
    const { config: named } = JSON.parse(Buffer.from(found.body).toString()) as {
      readonly config: { readonly digest: string };
    };
    if (isDigest(named.digest)) await ahead.config(ref, named.digest);
  };
  if (early === 'older') server.keepCache('cache', tag, { config: '{"of":"an older build"}' });
  if (early !== undefined && early !== 'own') await readAhead();
  const manifest = server.keepCache('cache', tag, { config });
  if (early === 'own') await readAhead();
  const before = server.seen.length;
  const services = {
    host,
    registry,
    history: openHistory(host),
    settings: { bake: { annotations: ANNOTATIONS } },
  };
  const context = {
    origin: { kind: 'branch', branch: 'x' },
    trusted: false,
    because: '',
    commit: COMMIT,
  } as const;
  if (name !== undefined && !isTag(name)) throw new Error(name);
  const to = name === undefined ? [] : [{ ...ref, tag: name }];
  const promotions = to.map((one) => ({ what: 'cache', from: ref, to: one, forwardOnly: false }) as const);
  const target = { exportTo: [ref], promotions };
  const record = { exports: [{ state: 'written', manifest, seconds: 0 }] } as const;
  const result = await finishCache(services, context, { target, record, ahead });
  const asked = server.seen.slice(before).map(({ method }) => method);
  const read = await registry.manifest(ref);
  if (read.state !== 'found') throw new Error(read.state);
  const body = JSON.parse(Buffer.from(read.body).toString()) as { config: { digest: string } };
  return {
    result,
    /** Methods of what was asked after bake's end. */
    asked,
    seen: server.seen.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`),
    warnings: host.warnings,
    body,
    config: JSON.parse(server.blobs.get(body.config.digest)?.toString() ?? 'null') as Config,
    [Symbol.asyncDispose]: async () => {
      await host[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('an export with several leaves gets a roof when it is marked, so that whoever imports it loses none', async () => {
  expect(leavesOf(JSON.parse(TWO_LEAVES) as Config)).toHaveLength(2);
  await using at = await exported(TWO_LEAVES);
  expect(at.warnings).toEqual([]);
  expect(at.result.exported).toHaveLength(1);
  expect(at.body).toMatchObject({ annotations: { 'org.opencontainers.image.revision': COMMIT } });
  expect(leavesOf(at.config)).toHaveLength(1);
  expect(at.config.records.slice(0, 3).map(({ digest }) => digest)).toEqual([1, 2, 3].map(DIGEST));
});

const ONE_LEAF = JSON.stringify({ layers: [], records: [{ digest: DIGEST(1) }] });

test('what was read of an export while bake ended is not asked for again', async () => {
  await using at = await exported(ONE_LEAF, { early: 'own' });
  expect(at.warnings).toEqual([]);
  expect(at.asked).toEqual(['PUT']);
  expect(at.body).toMatchObject({ annotations: { 'org.opencontainers.image.revision': COMMIT } });
});

test.each(['older', 'nothing'] as const)(
  'where there was %s under the ref when it was read early, what bake wrote is read and marked',
  async (early) => {
    await using at = await exported(TWO_LEAVES, { early });
    expect(at.warnings).toEqual([]);
    expect(at.asked.filter((method) => method === 'GET')).toHaveLength(2);
    expect(at.config.records).toHaveLength(4);
    expect(at.body).toMatchObject({ annotations: { 'org.opencontainers.image.revision': COMMIT } });
  },
);

test.each([
  ['with one leaf', JSON.stringify({ layers: [], records: [{ digest: DIGEST(1) }] })],
  ['that is not understood', '{"of":"somebody"}'],
])('an export %s is marked as it is', async (_, config) => {
  await using at = await exported(config);
  expect(at.warnings).toEqual([]);
  expect(at.config).toEqual(JSON.parse(config));
  expect(at.body).toMatchObject({ annotations: { 'org.opencontainers.image.revision': COMMIT } });
});

test('what a name holds is looked at while the mark is put', async () => {
  let looked = false;
  await using after = await exported(TWO_LEAVES, {
    name: 'pr-7',
    interfere: ({ method, path }, answer) => {
      looked ||= path.endsWith('/pr-7');
      if (method !== 'PUT' || !path.endsWith(COMMIT)) return undefined;
      // Whoever waits for the mark first does not come while this waits.
      const wait = (left: number): void => {
        if (!looked && left > 0) setTimeout(wait, 10, left - 1);
        else answer.writeHead(looked ? 201 : 403).end();
      };
      wait(200);
      return 'answered';
    },
  });
  expect(after.result.promoted).toMatchObject([{ action: 'move', because: 'the name is new' }]);
  expect(after.seen).toContain('PUT pr-7');
});

test('a cache whose mark is refused gets no further name', async () => {
  await using after = await exported(TWO_LEAVES, {
    name: 'pr-7',
    interfere: ({ method, path }, answer) => {
      if (method !== 'PUT' || !path.endsWith(COMMIT)) return undefined;
      answer.writeHead(403).end();
      return 'answered';
    },
  });
  expect(after.result.promoted).toEqual([]);
  expect(after.seen).not.toContain('PUT pr-7');
  expect(after.warnings.map(({ code }) => code)).toEqual(['cache-mark-failed']);
});
