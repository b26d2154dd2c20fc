import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { type CommitSha, isCommitSha } from '../../src/ci/commit-sha.ts';
import type { History } from '../../src/context/history.ts';
import { promote } from '../../src/image-step/promote-manifest.ts';
import type { NamingServices, Promoted, PromotedManifest } from '../../src/image-step/promotion.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { isTag, type Reference } from '../../src/registry/reference.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { credentialsOf, fastClock, openHost } from '../registry/fixture-host.ts';
import { startFixtureRegistry } from '../registry/fixture-registry.ts';

const BEFORE = commit('a');
const OLDER = commit('b');
const NEWER = commit('c');
const LINE: readonly string[] = [BEFORE, OLDER, NEWER];

function commit(letter: string): CommitSha {
  const sha = letter.repeat(40);
  if (!isCommitSha(sha)) throw new Error(sha);
  return sha;
}

/** A build of main that has exported its cache and names it. */
interface NamingBuild {
  readonly services: NamingServices;
  readonly name: () => Promise<Promoted>;
}

/** Two builds of main, of a commit and of its successor, and what `latest` holds after them. */
async function twoBuilds() {
  const server = await startFixtureRegistry();
  const host = await openHost({ clock: fastClock() });
  const registry = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
  const refOf = (tag: string): Reference => {
    if (!isTag(tag)) throw new Error(tag);
    return { host: server.host, path: 'cache', tag };
  };
  const latest = refOf('latest');
  server.keepCache('cache', 'latest', { revision: BEFORE });
  const history: History = {
    isAncestor: async (older, newer) => (LINE.indexOf(older) <= LINE.indexOf(newer) ? 'yes' : 'no'),
    mergeBase: async () => ({ state: 'none' }),
    parentOf: async () => undefined,
    lineOf: async () => [],
  };
  const annotations = { buildNumber: 'number', buildId: 'id', revision: 'revision' };

  return {
    registry,
    history,
    refOf,
    document: async (tag: string): Promise<object> => {
      const read = await registry.manifest(refOf(tag));
      if (read.state !== 'found') throw new Error(read.state);
      return JSON.parse(Buffer.from(read.body).toString()) as object;
    },
    digestOf: async (tag: string): Promise<string> => {
      const read = await registry.head(refOf(tag));
      return read.state === 'found' ? read.digest : read.state;
    },
    holds: async () => {
      const read = await registry.manifest(latest);
      return read.state === 'found' ? (JSON.parse(Buffer.from(read.body).toString()) as object) : read.state;
    },
    build: async (
      sha: CommitSha,
      parts: Partial<NamingServices> = {},
      { again = false } = {},
    ): Promise<NamingBuild> => {
      server.keepCache('cache', sha, { revision: sha, ...(again ? { config: '{"built":"again"}' } : {}) });
      const read = await registry.manifest(refOf(sha));
      if (read.state !== 'found') throw new Error(read.state);
      const manifest: PromotedManifest = { ...read, commit: sha };
      const promotion = { what: 'cache', from: refOf(sha), to: latest, forwardOnly: true } as const;
      const services = { host, registry, history, settings: { bake: { annotations } }, ...parts };
      return { services, name: async () => await promote(services, promotion, { manifest }) };
    },
    [Symbol.asyncDispose]: async () => {
      await host[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const holding = (sha: CommitSha) => ({ annotations: { 'org.opencontainers.image.revision': sha } });

test('latest stays with the newer commit that came there while git was being asked', async () => {
  await using at = await twoBuilds();
  const newer = await at.build(NEWER);
  let named: Promoted | undefined;
  const older = await at.build(OLDER, {
    history: {
      ...at.history,
      isAncestor: async (a, b) => {
        named ??= await newer.name();
        return await at.history.isAncestor(a, b);
      },
    },
  });
  expect(await older.name()).toMatchObject({ action: 'stay', because: expect.stringContaining('newer') });
  expect(named).toMatchObject({ action: 'move' });
  expect(await at.holds()).toMatchObject(holding(NEWER));
});

test('the newer commit is put back where an older one was written over it right after', async () => {
  await using at = await twoBuilds();
  const events = new EventEmitter();
  const halfASecond = once(events, 'half a second');
  const olderIsThere = once(events, 'older is there');
  const older = await at.build(OLDER, {
    registry: {
      ...at.registry,
      putManifest: async (name, manifest) => {
        // A request takes that long, and it was looked before.
        await halfASecond;
        const written = await at.registry.putManifest(name, manifest);
        events.emit('older is there');
        return written;
      },
    },
  });
  const { host } = older.services;
  const newer = await at.build(NEWER, {
    host: {
      ...host,
      clock: {
        ...host.clock,
        sleep: async (ms) => {
          if (ms <= 500) return;
          events.emit('half a second');
          await olderIsThere;
        },
      },
    },
  });
  const late = older.name();
  const won = await newer.name();
  events.emit('half a second');
  const lost = await late;
  expect(won).toMatchObject({ action: 'move' });
  expect(lost.action).not.toBe('failed');
  expect(await at.holds()).toMatchObject(holding(NEWER));
});

test('two builds of one commit do not write over each other again and again: what one of them has named stays', async () => {
  await using at = await twoBuilds();
  const first = await at.build(NEWER);
  const { host } = first.services;
  let named: Promoted | undefined;
  // The other one has built the same commit, and an image with another digest.
  const other = await at.build(NEWER, {}, { again: true });
  const one = await at.build(NEWER, {
    host: { ...host, clock: { ...host.clock, sleep: async () => void (named ??= await other.name()) } },
  });
  expect(await one.name()).toMatchObject({ action: 'none' });
  expect(named).toMatchObject({ action: 'move' });
});

test('an older commit does not come back: it is told what latest holds', async () => {
  await using at = await twoBuilds();
  await (await at.build(NEWER)).name();
  const late = await at.build(OLDER);
  expect(await late.name()).toMatchObject({ action: 'stay' });
  expect(await at.holds()).toMatchObject(holding(NEWER));
});

test.each(Array.from({ length: 12 }, (_, i) => i))(
  'two builds started together leave latest with the newer one (pair %i)',
  async (pair) => {
    await using at = await twoBuilds();
    const slow = (sha: CommitSha, ms: number) =>
      at.build(sha, {
        history: {
          ...at.history,
          isAncestor: async (a, b) => {
            await fastClock().sleep(ms);
            return await at.history.isAncestor(a, b);
          },
        },
      });
    const [older, newer] = [await slow(OLDER, (pair % 4) * 100), await slow(NEWER, (pair % 3) * 100)];
    await Promise.all(pair % 2 === 0 ? [older.name(), newer.name()] : [newer.name(), older.name()]);
    expect(await at.holds()).toMatchObject(holding(NEWER));
  },
);

/** A build that gives its image the name of a release. */
async function releases(
  at: Awaited<ReturnType<typeof twoBuilds>>,
  sha: CommitSha,
  parts: Partial<NamingServices> = {},
) {
  const { services } = await at.build(sha, parts);
  const tag = (text: string) => at.refOf(text);
  const read = await at.registry.manifest(tag(sha));
  if (read.state !== 'found') throw new Error(read.state);
  const promotion = {
    what: 'cache',
    from: tag(sha),
    to: tag('1.0'),
    forwardOnly: false,
    writtenOnce: true,
  } as const;
  return async (manifest: PromotedManifest = { ...read, commit: sha }) =>
    await promote(services, promotion, { manifest });
}

test('a name that is written once is given to nothing else, and a second run of the same build finds it', async () => {
  await using at = await twoBuilds();
  const first = await releases(at, OLDER);
  expect(await first()).toMatchObject({ action: 'move', because: 'the name is new' });
  expect(await first()).toMatchObject({ action: 'none', because: 'it holds this manifest already' });
  const second = await releases(at, NEWER);
  expect(await second()).toMatchObject({
    action: 'failed',
    because: expect.stringMatching(
      /^it is written once, and holds another image, sha256:\w+ of commit b{12}$/,
    ),
  });
  expect(await at.digestOf('1.0')).toBe(await at.digestOf(OLDER));
});

test('another image of the same commit does not replace the one that has the name', async () => {
  await using at = await twoBuilds();
  const build = await releases(at, OLDER);
  await build();
  const before = await at.digestOf('1.0');
  const body = new TextEncoder().encode(`${JSON.stringify(await at.document('1.0'))} `);
  const again = { mediaType: 'application/vnd.oci.image.manifest.v1+json', body, commit: OLDER };
  expect(await build({ ...again, digest: digestOf(body) })).toMatchObject({
    action: 'stay',
    because: expect.stringContaining("holds this commit's"),
  });
  expect(await at.digestOf('1.0')).toBe(before);
});

test('two builds that give one such name at once: who lost is told', async () => {
  await using at = await twoBuilds();
  const names: (() => Promise<Promoted>)[] = [];
  const [older, newer] = [await releases(at, OLDER), await releases(at, NEWER)];
  names.push(older, newer);
  const ended = await Promise.all(names.map(async (name) => await name()));
  const holds = await at.digestOf('1.0');
  const winners = ended.filter(({ action }) => action !== 'failed');
  expect(winners.map(({ digest }) => digest)).toEqual([holds]);
});

test('a name that cannot be looked at is not written', async () => {
  await using at = await twoBuilds();
  let puts = 0;
  const build = await releases(at, OLDER, {
    registry: {
      ...at.registry,
      manifest: async () => ({ state: 'failed', because: '503 Service Unavailable' }),
      putManifest: async (name, manifest) => {
        puts += 1;
        return await at.registry.putManifest(name, manifest);
      },
    },
  });
  expect(await build()).toMatchObject({ action: 'failed', because: '503 Service Unavailable' });
  expect(puts).toBe(0);
});

test.each([
  [
    'takes a name and keeps nothing',
    'the registry took it, and holds nothing under this name',
    { putManifest: async () => ({ state: 'written' }) as const },
  ],
  [
    'tells another digest whenever it is asked',
    'what it holds changes from one look to the next: other builds move it, or the registry answers amiss',
    { head: async () => ({ state: 'found', digest: digestOf(new Uint8Array()) }) as const },
  ],
])('a registry that %s has not given it', async (_, because, lie: object) => {
  await using at = await twoBuilds();
  const build = await releases(at, OLDER, { registry: { ...at.registry, ...lie } });
  expect(await build()).toMatchObject({ action: 'failed', because });
});
