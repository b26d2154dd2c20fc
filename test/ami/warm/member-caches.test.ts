import { describe, expect, test } from 'vitest';
import { builtTargets } from '../../../src/ami/warm/built-targets.ts';
import { findTargetCaches } from '../../../src/ami/warm/donor.ts';
import { withMemberCaches } from '../../../src/ami/warm/member-caches.ts';
import type { Settings } from '../../../src/config/settings.ts';
import type { CommitSha } from '../../../src/ci/commit-sha.ts';
import { type Reference, referenceName } from '../../../src/registry/reference.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { clock } from '../../../parts/ci-job/clock.ts';
import { settingsOf, SMALL } from '../../bake/small-settings.ts';

const COMMIT = 'c'.repeat(40) as CommitSha;

/** What a registry without caches is asked for, first for targets as configured, then for those of `groups`. */
async function askedFor(settings: Settings, groups: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const registry = {
    manifest: async (ref: Reference) => {
      asked.push(referenceName(ref));
      return { state: 'missing' };
    },
  } as unknown as Registry;
  const host = { clock, signal: new AbortController().signal, emit: () => undefined };
  const { cache, targets } = settings;
  const caches = await findTargetCaches(host, registry, { cache, commit: COMMIT, targets });
  const configured = asked.splice(0);
  const known = { settings, commit: COMMIT, caches };
  const built = builtTargets(settings, {
    groups: new Map(Object.entries(groups)),
    names: new Set(targets.map(({ name }) => name)),
  });
  const found = await withMemberCaches(host, registry, { known, targets: built.targets });
  return { configured, asked, targets: found.map(({ target }) => target), same: found === caches };
}

function withTargets(targets: string, text = SMALL): Settings {
  return settingsOf(`${text.slice(0, text.indexOf('targets:'))}targets: ${targets}\n`);
}

const refs = (...ends: readonly string[]): readonly string[] =>
  ends.flatMap((end) =>
    [COMMIT, 'latest'].map((tag) => `127.0.0.1:1/app/cache-main${end.replace('TAG', tag)}`),
  );

describe('once the artifact has said what groups stand for', () => {
  test('the caches of their targets are asked for, and of others none again', async () => {
    const { configured, asked, targets } = await askedFor(withTargets('{ web: {}, all: { lane: arm64 } }'), {
      all: ['api', 'worker'],
    });
    expect(configured).toEqual(refs(':TAG', ':TAG-arm64'));
    expect(asked).toEqual(refs(':TAG-api-arm64', ':TAG-worker-arm64'));
    expect(targets).toEqual(['api', 'worker', 'web', 'all']);
  });

  test('in the repository of each, where each has one; of the trusted pair alone', async () => {
    const apart = SMALL.replaceAll(/app\/(\w+-(?:main|test))/g, '"app/$1/${target}"');
    const { asked } = await askedFor(withTargets('{ web: {}, all: {} }', apart), { all: ['api'] });
    expect(asked).toEqual(refs('/api:TAG'));
  });

  test('a target of the name of its group has the caches of the target', async () => {
    const { asked, targets } = await askedFor(withTargets('{ app: {} }'), { app: ['app', 'app-x'] });
    expect(asked).toEqual(refs(':TAG-app', ':TAG-app-x'));
    expect(targets).toEqual(['app', 'app-x']);
  });

  test('nothing is asked where targets stand for themselves', async () => {
    const { asked, same } = await askedFor(withTargets('{ web: {}, api: { lane: api } }'), {});
    expect(asked).toEqual([]);
    expect(same).toBe(true);
  });
});
