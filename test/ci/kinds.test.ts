import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCommitSha } from '../../src/ci/commit-sha.ts';
import { readCi } from '../../src/ci/read-ci.ts';
import type { BuildContext } from '../../src/context/context.ts';
import { buildOrigin } from '../../src/context/origin.ts';
import { judgeTrust } from '../../src/context/trust.ts';
import { imageNames } from '../../src/refs/image-names.ts';
import { writtenRefs } from '../../src/refs/written-refs.ts';
import { PLACE, placeOf } from '../context/place.ts';
import { BUILT, KINDS, type Kind, REPOSITORIES } from './kinds.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'warmbake-kinds-'));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

/** What is known of a build before git is asked; its checkout is at {@link BUILT}. */
async function contextOf({ system, build, env, event }: Kind): Promise<BuildContext> {
  const file = path.join(directory, `${build.replaceAll(/\W/g, '-')}.json`);
  if (event !== undefined) await writeFile(file, JSON.stringify(event));
  const facts = readCi(event === undefined ? env : { ...env, GITHUB_EVENT_PATH: file });
  if (facts === undefined || !isCommitSha(BUILT)) throw new Error('no build');
  expect(['HEAD', BUILT]).toContain(facts.commit);
  const place = { ...PLACE, repository: REPOSITORIES[system] };
  return {
    origin: buildOrigin(facts, place.trustedBranch),
    ...judgeTrust(facts, place),
    commit: BUILT,
    build: facts.build,
  };
}

describe('what each kind of build is, and what it writes (L1)', () => {
  it.each(KINDS.map((kind) => [`${kind.system}: ${kind.build}`, kind] as const))('%s', async (_, kind) => {
    const context = await contextOf(kind);
    const [target] = PLACE.targets;
    const { exportTo, promoteTo } = writtenRefs(context, target, { settings: PLACE });
    const { push, moving } = imageNames(context, target, { settings: PLACE });
    const names = [exportTo, ...promoteTo, ...push, ...moving].flatMap((ref) =>
      ref === undefined ? [] : [`${placeOf(ref)} ${ref.tag.replace(BUILT, 'COMMIT')}`],
    );
    expect({
      origin: context.origin.kind,
      because: context.because,
      writes: [...new Set(names)].join(', '),
    }).toEqual({ origin: kind.origin, because: kind.because, writes: kind.writes });
    expect(context.trusted).toBe(kind.writes.startsWith('trusted'));
  });
});
