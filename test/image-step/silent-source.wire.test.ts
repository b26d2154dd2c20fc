import { describe, expect, test } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { openSilenceCheck } from '../../src/image-step/silent-source.ts';
import type { Clock } from '../../src/platform/clock.ts';
import type { HttpClient } from '../../src/platform/http.ts';
import { isTag } from '../../src/registry/reference.ts';
import { createRegistry } from '../../src/registry/registry.ts';
import { credentialsOf, fastClock, openHost } from '../registry/fixture-host.ts';
import { type FixtureRegistry, refuse, startFixtureRegistry } from '../registry/fixture-registry.ts';

/** A build's check of the cache `latest`, which is there. */
async function open(options: { readonly clock?: Clock; readonly http?: HttpClient } = {}) {
  const server = await startFixtureRegistry();
  server.keepCache('cache', 'latest');
  const host = { ...(await openHost({ clock: options.clock ?? fastClock() })), ...options };
  const tag = 'latest';
  if (!isTag(tag)) throw new Error(tag);
  const registry = createRegistry(host, credentialsOf({ kind: 'anonymous' }));
  return {
    server,
    ref: { host: server.host, path: 'cache', tag } as const,
    check: openSilenceCheck({ registry, host }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

const on = (what: string, interfere: FixtureRegistry['interfere']): FixtureRegistry['interfere'] => {
  return (seen, answer) => (seen.path.includes(`/${what}/`) ? interfere(seen, answer) : undefined);
};

describe('a source is silent', () => {
  test.for<[string, FixtureRegistry['interfere']]>([
    ['that never answers for its manifest', on('manifests', () => 'answered')],
    ['that never answers for its config', on('blobs', () => 'answered')],
    [
      'that stops in the middle of its config',
      on('blobs', (_seen, answer) => {
        answer.writeHead(200, { 'content-length': 100 }).write('{');
        return 'answered';
      }),
    ],
  ])('%s', async ([, interfere]) => {
    await using at = await open();
    at.server.interfere = interfere;
    expect(await at.check.isSilent(at.ref, { probed: false })).toBe(true);
  });
});

describe('BuildKit is left to find out about a source', () => {
  test.for<[string, FixtureRegistry['interfere']]>([
    ['that answers', () => undefined],
    ['that is not there', on('manifests', (_seen, answer) => refuse(answer, 404, 'MANIFEST_UNKNOWN'))],
    ['that this machine may not read', (_seen, answer) => refuse(answer, 403, 'DENIED')],
    ['that is broken', on('blobs', (_seen, answer) => refuse(answer, 500, 'UNKNOWN'))],
    [
      'whose registry ends the connection',
      (_seen, answer) => {
        answer.destroy();
        return 'answered';
      },
    ],
  ])('%s', async ([, interfere]) => {
    await using at = await open();
    at.server.interfere = interfere;
    expect(await at.check.isSilent(at.ref, { probed: false })).toBe(false);
  });

  test('whose registry is out of reach of this machine', async () => {
    await using at = await open({ http: async () => await new Promise(() => undefined) });
    expect(await at.check.isSilent(at.ref, { probed: false })).toBe(false);
  });
});

test('an answer holds for a minute, that of the probe as well', async () => {
  let time = 0;
  await using at = await open({ clock: { ...clock, now: () => new Date(time) } });
  const asks = async (probed: boolean): Promise<number> => {
    const before = at.server.seen.length;
    await at.check.isSilent(at.ref, { probed });
    return at.server.seen.length - before;
  };
  expect(await asks(true)).toBe(0);
  // Manifest and config.
  expect(await asks(false)).toBe(2);
  time = 59_999;
  expect([await asks(true), await asks(false)]).toEqual([0, 0]);
  time = 60_000;
  expect([await asks(true), await asks(false)]).toEqual([2, 0]);
});
