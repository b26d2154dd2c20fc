import { createHash } from 'node:crypto';
import type { CommitSha } from '../ci/commit-sha.ts';
import { WarmbakeError } from '../platform/errors.ts';
import { isTag, type Tag } from '../registry/reference.ts';

/** OCI distribution specification: a tag has at most 128 characters. */
const LONGEST = 128;

/** Where the older scripts cut a name. */
const OLD_LONGEST = 128;

/**
 * The tag of a branch: `<slug>[-<10 hex of sha256(name)>][-<lane>]` (law L2). A name that is a tag already keeps its
 * spelling, case included (tags distinguish it). The hash is added where the slug is not the name, does not fit or could
 * be taken for another name's tag; with it, `lanes` being all lanes that share the repository, two (name, lane) pairs
 * never share a tag, with each other or with {@link commitTag}, {@link pullRequestTag} and {@link latestTag}.
 */
export function branchTag(
  name: string,
  { lane, lanes }: { readonly lane: string; readonly lanes: readonly string[] },
): Tag {
  const slug = slugOf(name);
  const plain = slug + laneSuffix(lane);
  if (slug === name && plain.length <= LONGEST && !looksReserved(slug, lanes)) return tag(plain);
  const ending = `-${createHash('sha256').update(name).digest('hex').slice(0, 10)}${laneSuffix(lane)}`;
  return tag(slug.slice(0, LONGEST - ending.length) + ending);
}

/** The tag of a pull request, `pr-7[-<lane>]`; numbers have at most nine digits, so that no hash looks like one. */
export function pullRequestTag(number: number, lane: string): Tag {
  return tag(`pr-${number}${laneSuffix(lane)}`);
}

/** The tag of a commit, `<40 hex>[-<lane>]`. */
export function commitTag(commit: CommitSha, lane: string): Tag {
  return tag(commit + laneSuffix(lane));
}

/** The moving tag of the trusted branch, `latest[-<lane>]`. */
export function latestTag(lane: string): Tag {
  return tag(`latest${laneSuffix(lane)}`);
}

/**
 * What the reference's scripts called a branch: every other character `_`, then cut. `sed` saw characters or bytes
 * depending on the locale, so there are two spellings of a name that is not ASCII. Not every result was a tag.
 */
export function oldBranchTags(name: string): readonly Tag[] {
  const bytes = Buffer.from(name).toString('latin1');
  const spellings = [name, bytes].map((text) =>
    text.replaceAll(/[^A-Za-z0-9._-]/gu, '_').slice(0, OLD_LONGEST),
  );
  return [...new Set(spellings)].filter(isTag);
}

/** `-<lane>`, or nothing for the plain lane. */
export function laneSuffix(lane: string): string {
  return lane === '' ? '' : `-${lane}`;
}

function slugOf(name: string): string {
  const slug = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '');
  return slug === '' ? 'branch' : slug;
}

/**
 * `latest`, `pr-7`, a commit id, something with a hash or a lane at its end; also `pr` alone, which a lane called `7`
 * would complete. Beside whole lanes their beginnings count: with lanes `nightly` and `cpu-nightly`, `x-cpu` in the first
 * would be `x` in the second.
 */
function looksReserved(slug: string, lanes: readonly string[]): boolean {
  return (
    /^(?:latest|pr(?:-\d+)?|[0-9a-f]{7,64})$/.test(slug) ||
    /-[0-9a-f]{10}$/.test(slug) ||
    endsInLane(slug, lanes)
  );
}

/** True for what could be a shorter name with a lane, or the beginning of one, behind it. */
export function endsInLane(text: string, lanes: readonly string[]): boolean {
  return lanes.flatMap(beginnings).some((part) => text.endsWith(`-${part}`));
}

/** `a-b-c` → `a`, `a-b`, `a-b-c`. */
function beginnings(lane: string): readonly string[] {
  const parts = lane.split('-');
  return lane === '' ? [] : parts.map((_, index) => parts.slice(0, index + 1).join('-'));
}

function tag(text: string): Tag {
  if (isTag(text)) return text;
  throw new WarmbakeError(
    'defect',
    'bad-tag',
    `'${text}' is not a tag; the lane should have been refused earlier`,
  );
}
