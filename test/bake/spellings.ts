import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { FOLDERS, type HostileTree, LINKS } from './hostile-tree.ts';

/** A target as a bake file has it, or as bake prints it. */
export type Target = Readonly<Record<string, unknown>>;

/** One target that a pull request could write. */
export interface Spelled {
  readonly target: Target;
  /** A target that it takes as a context. */
  readonly linked?: Target;
  /**
   * The attribute that holds everything it demands, each demand apart from the others: what several such targets demand can be asked for
   * with one target that has it all.
   */
  readonly alone?: (typeof KINDS)[number];
}

/** Attributes that a target can have nothing beside. */
export const KINDS = ['contexts', 'secret', 'ssh'] as const;

/** What addresses begin with, as buildx knows them and as it nearly does; twice as often: a path. */
const BEGINNINGS = [
  '',
  '',
  '',
  './',
  '../',
  '/',
  'ROOT/',
  'ROOT/../',
  'OUTSIDE/',
  '//',
  './/',
  'sub/../',
  '~/',
  '-',
  ' ',
  '\\',
  'cwd://',
  'cwd://../',
  'CWD://',
  'oci-layout://',
  'oci-layout:',
  'docker-image://',
  'docker-image:',
  'Target:',
  'https://',
  'http://',
  'HTTPS://',
  'http:/',
  'https:',
  'git://',
  'GIT://',
  'ssh://',
  'SSH://',
  'file:///',
  'ftp://',
  'git@example.com:',
  'git@example.com/',
  'a-b_c@example.com:',
  'a.b@example.com:',
  'git:x@example.com:',
  '@example.com:',
  'github.com/',
  'GITHUB.com/',
  'github.com:',
  'gitlab.com/',
  'C:\\',
  'C:/',
  'x:/',
  'a:',
] as const;

/** Names of a path: what is in the tree, what is not, what leads up, and what addresses end in. */
const NAMES = [
  ...FOLDERS.filter((name) => name !== ''),
  ...Object.keys(LINKS),
  'file',
  'Dockerfile',
  'secret',
  'outside',
  'none',
  '..',
  '..',
  '..',
  '.',
  '',
  'x.git',
  'x.git#main:..',
  'x.git?ref=main',
  'v1:latest',
  `@sha256:${'0'.repeat(64)}`,
] as const;

/** Texts that stand where a place is meant. */
function places({ root, outside }: HostileTree): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.array(fc.constantFrom(...BEGINNINGS), { minLength: 1, maxLength: 2 }),
      fc.array(fc.constantFrom(...NAMES), { maxLength: 4 }),
      fc.constantFrom('/', '/', '/', '//', '\\'),
    )
    .map(([beginnings, names, slash]) =>
      (beginnings.join('') + names.join(slash)).replaceAll('ROOT', root).replaceAll('OUTSIDE', outside),
    );
}

/** Of them those that are files: buildx does not even print secrets and keys that are not there. */
function files(tree: HostileTree): fc.Arbitrary<string> {
  const isFile = (text: string): boolean => {
    if (/[,"\n]|Dockerfile/.test(text) || text.trim() !== text) return false;
    const ways = [path.resolve(tree.root, text), path.isAbsolute(text) ? text : `${tree.root}/${text}`];
    return ways.every((way) => existsSync(way) && statSync(way).isFile());
  };
  const some = fc.constantFrom(
    'file',
    'sub/file-out',
    'sub/file-in',
    'out/secret',
    'sub/up/outside/secret',
    `${tree.outside}/file`,
  );
  return fc.oneof(places(tree).filter(isFile), some);
}

/** A key in lower case, upper case or one of both. */
const spelledKey = (...names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .constantFrom(...names)
    .chain((name) => fc.constantFrom(name, name.toUpperCase(), name[0]?.toUpperCase() + name.slice(1)));

/** Each with another id: of several with one id the last counts. */
const id = fc.integer({ min: 0, max: 0xffffff }).map((n) => `i${n.toString(16)}`);

function secrets(tree: HostileTree): fc.Arbitrary<unknown> {
  const field = fc.tuple(spelledKey('src', 'source'), files(tree), fc.boolean());
  const bySource = fc
    .tuple(spelledKey('id'), id, field)
    .map(([key, name, [src, file, quoted]]) =>
      quoted ? `${key}=${name},"${src}=${file}"` : `${key}=${name},${src}=${file}`,
    );
  return fc.oneof(
    { weight: 4, arbitrary: bySource },
    files(tree).map((file) => `id=${file}`),
    fc.tuple(id, files(tree)).map(([name, file]) => `type=file,id=${name},src=${file}`),
    id.map((name) => `id=${name},env=HOME`),
    id.map((name) => `type=env,id=${name},src=HOME`),
  );
}

/** Keys, and the agent where there is one. */
function keys(tree: HostileTree): fc.Arbitrary<string> {
  const paths = fc.array(files(tree), { minLength: 1, maxLength: 2 });
  return fc.tuple(id, paths).map(([name, all]) => `${name}=${all.join(',')}`);
}

const privileges = fc.record(
  {
    network: fc.constantFrom('host', 'none', 'default', '', 'HOST', 'container:x'),
    entitlements: fc.subarray(['network.host', 'security.insecure', 'device', 'device=vendor.com/x=all']),
    ssh: fc.constantFrom([], ['default'], ['default=']),
  },
  { requiredKeys: [] },
);

/** What is ours to say; whatever stands there must not have an effect. */
function results(tree: HostileTree): fc.Arbitrary<Target> {
  const entry = (key: string) =>
    places(tree)
      .filter((p) => !/[",]/.test(p))
      .map((p) => `type=local,${key}=${p}`);
  return fc.record(
    {
      output: fc.array(fc.oneof(entry('dest'), fc.constant('type=tar,dest=../x.tar')), { maxLength: 2 }),
      'cache-to': fc.array(entry('dest'), { maxLength: 2 }),
      'cache-from': fc.array(entry('src'), { maxLength: 2 }),
      tags: fc.constant(['example.com/evil:latest']),
    },
    { requiredKeys: [] },
  );
}

/** Targets that a pull request could write in the checkout of `tree`. */
export function spelledTargets(tree: HostileTree): fc.Arbitrary<Spelled> {
  const place = places(tree);
  const named = fc.tuple(id, place).map(([name, text]) => ({ [name]: text }));
  const placed = fc.record({ context: place, dockerfile: place }, { requiredKeys: [] });
  const whole = fc
    .tuple(placed, privileges, results(tree), fc.option(named, { nil: {} }))
    .map(([a, b, c, contexts]) => ({ ...a, ...b, ...c, contexts }));
  return fc.oneof(
    {
      weight: 12,
      arbitrary: named.map((contexts) => ({ target: { contexts }, alone: 'contexts' as const })),
    },
    {
      weight: 6,
      arbitrary: secrets(tree).map((one) => ({ target: { secret: [one] }, alone: 'secret' as const })),
    },
    { weight: 3, arbitrary: keys(tree).map((one) => ({ target: { ssh: [one] }, alone: 'ssh' as const })) },
    { weight: 4, arbitrary: placed.map((target) => ({ target })) },
    { weight: 1, arbitrary: privileges.map((target) => ({ target })) },
    { weight: 1, arbitrary: whole.map((target) => ({ target })) },
    {
      weight: 1,
      arbitrary: fc.tuple(whole, whole).map(([target, linked]) => ({ target, linked })),
    },
  );
}
