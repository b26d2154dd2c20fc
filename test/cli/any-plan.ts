import * as fc from 'fast-check';
import type { Source, SourceState } from '../../src/cache/chain.ts';
import { settingsOfText } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { BuildContext } from '../../src/context/context.ts';
import type { TargetPlan } from '../../src/image-step/target-plan.ts';
import { writesOf } from '../../src/image-step/target-plan.ts';
import { cacheSources } from '../../src/refs/sources.ts';
import { isDigest, referenceName } from '../../src/registry/reference.ts';
import { anyBuild, contextOf } from '../refs/any-build.ts';

/** Settings of a file with these targets, by name and lane. */
export function settingsWith(
  places: { readonly images: string; readonly cache: string; readonly path: string },
  targets: Readonly<Record<string, string>>,
): Settings {
  const pair = (registry: string, what: string) => ({
    registry,
    trusted: `main/${what}${places.path}`,
    untrusted: `test/${what}${places.path}`,
  });
  const file = {
    repository: 'github.com/acme/app',
    images: pair(places.images, 'images'),
    cache: pair(places.cache, 'cache'),
    bake: { files: ['docker-bake.hcl'] },
    targets: Object.fromEntries(
      Object.entries(targets).map(([name, lane]) => [name, { inherits: ['_base'], lane }]),
    ),
  };
  return settingsOfText(JSON.stringify(file), { file: 'warmbake.yaml', root: '/' }).settings;
}

/** A digest of one digit. */
export function digestOf(digit: string): NonNullable<Source['digest']> {
  const digest = `sha256:${digit.repeat(64)}`;
  if (!isDigest(digest)) throw new Error(`'${digit}' is no digit`);
  return digest;
}

/** Plans of all targets of `settings`; what became of a source is asked for by its place in the chain. */
export function plansOf(
  context: BuildContext,
  settings: Settings,
  fate: (at: number, ref: string) => Pick<Source, 'state' | 'because' | 'digest'>,
): readonly TargetPlan[] {
  return settings.targets.map((target): TargetPlan => {
    const writes = writesOf(context, target, { settings, push: true });
    const [tag] = writes.tags.map(referenceName);
    return {
      ...writes,
      sources: cacheSources(context, target, settings).map(({ role, ref }, at) => ({
        role,
        ref,
        ...fate(at, referenceName(ref)),
      })),
      skip: {
        decision: 'build',
        because: tag === undefined ? 'this build pushes no image' : `${tag} does not exist`,
      },
    };
  });
}

const STATES: readonly SourceState[] = [
  'found',
  'missing',
  'denied',
  'duplicate',
  'surplus',
  'failed',
  'unprobed',
];

const NAME = fc.constantFrom(
  'app',
  'worker',
  'test-ci',
  'Bench',
  'a',
  'a-rather-long-name-of-a-target-that-somebody-wrote',
  'x_y',
);
const HOST = fc.constantFrom(
  'r.io',
  '123456789012.dkr.ecr.us-east-1.amazonaws.com',
  'registry.example.com:5000/deep/down/in/a/group',
);

/** A plan of any configuration: its context and its targets. */
export const anyPlan = fc
  .record({
    build: anyBuild,
    images: HOST,
    cache: HOST,
    path: fc.constantFrom('', '/${target}', `/${'long-'.repeat(12)}name`),
    names: fc.uniqueArray(NAME, { minLength: 1, maxLength: 5 }),
    fates: fc.array(
      fc.record({
        state: fc.constantFrom(...STATES),
        digit: fc.constantFrom('a', 'b'),
        because: fc.constantFrom(undefined, '401 Unauthorized', '説明 '.repeat(30)),
      }),
      { minLength: 1 },
    ),
  })
  .map(({ build, names, fates, ...places }) => {
    const context = contextOf(build.env, build.branch);
    const settings = settingsWith(
      places,
      Object.fromEntries(names.map((name, i) => [name, i === 0 ? '' : `lane${i}`])),
    );
    if (context === undefined) return undefined;
    const targets = plansOf(context, settings, (at) => {
      const { state, digit, because } = fates[at % fates.length]!;
      const digest = state === 'found' || state === 'duplicate' ? { digest: digestOf(digit) } : {};
      return { state, ...digest, ...(because === undefined ? {} : { because }) };
    });
    return { context, targets };
  })
  .filter((plan) => plan !== undefined);
