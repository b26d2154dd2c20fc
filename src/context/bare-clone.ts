import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../platform/errors.ts';
import type { CiRemote } from '../ci/facts.ts';
import { explainExit, succeeded, type Finished } from '../platform/process.ts';
import type { Host } from '../platform/host.ts';
import type { CheckoutPlace } from './checkout.ts';
import { git, gitPath } from './git.ts';

/** Where {@link BareClone.fetch} puts what it fetched: `refs/warmbake/<name>`. */
export const FETCHED = 'refs/warmbake';

/** A bare repository of commits without their trees and files, apart from the checkout. */
export interface BareClone {
  readonly directory: string;
  /**
   * Fetches the history of each `wanted` thing (name → commit id or full ref name) from `origin`, `depth` commits down,
   * within `timeoutMs`. Returns why that failed, `undefined` where it did not.
   */
  fetch(
    wanted: Readonly<Record<string, string>>,
    options: { readonly depth: number; readonly timeoutMs: number },
  ): Promise<string | undefined>;
  /**
   * Ids of what `origin` has under these full ref names; of an annotated tag the id of what it leads to. Or why that is not known. Names
   * are exact, and those of a fetch are not: where there is no `refs/tags/v1`, git fetches a branch of that whole name.
   */
  ids(
    names: readonly string[],
    options: { readonly timeoutMs: number },
  ): Promise<ReadonlyMap<string, string> | string>;
}

/** Where a {@link BareClone} is, and of what. */
export interface BareCloneOptions {
  readonly directory: string;
  /**
   * Its `origin`. Where absent, the checkout's own git configuration is included: git finds the same remote and
   * the same credentials without a URL in an argument list.
   */
  readonly origin?: CiRemote | undefined;
  /** The checkout, where somebody has looked already. */
  readonly checkout?: CheckoutPlace | undefined;
}

/** Makes the repository on the first fetch. */
export function bareClone(host: Host, options: BareCloneOptions): BareClone {
  const { directory } = options;
  let made: Promise<string | undefined> | undefined;
  return {
    directory,
    fetch: async (wanted, { depth, timeoutMs }) => {
      made ??= make(host, options);
      const because = await made;
      if (because !== undefined) return because;
      const fetched = await git(host, fetchArguments(wanted, depth), { directory, network: timeoutMs });
      return succeeded(fetched) ? undefined : said(fetched);
    },
    ids: async (names, { timeoutMs }) => {
      made ??= make(host, options);
      const because = await made;
      if (because !== undefined) return because;
      const asked = [
        'ls-remote',
        '--quiet',
        UPLOAD_PACK,
        'origin',
        ...names.flatMap((name) => [name, `${name}^{}`]),
      ];
      const listed = await git(host, asked, { directory, network: timeoutMs });
      return succeeded(listed) ? idsIn(listed.stdout, names) : said(listed);
    },
  };
}

/**
 * Makes what `git init --bare` makes of an empty template, which keeps the user's hooks out (gitrepository-layout(5)).
 * Returns why that failed, `undefined` where it did not.
 */
async function make(
  host: Host,
  { directory, origin, checkout }: BareCloneOptions,
): Promise<string | undefined> {
  const from =
    origin === undefined
      ? included(checkout?.config ?? (await gitPath(host, 'config')))
      : remoteConfig(origin);
  if (from === undefined) return 'this is not a git repository';
  try {
    for (const name of ['objects', 'refs']) mkdirSync(path.join(directory, name), { recursive: true });
    writeFileSync(path.join(directory, 'HEAD'), 'ref: refs/heads/none\n');
    writeFileSync(path.join(directory, 'config'), `${BARE}${from}`);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** A checkout's configuration can name another program to be run on this machine, where the remote is a folder, or on the remote. */
const UPLOAD_PACK = '--upload-pack=git-upload-pack';

const BARE = '[core]\n\trepositoryformatversion = 0\n\tbare = true\n';

/** The header goes to this host and to no other that it may lead to (git-config(1), `http.<url>.*`). */
function remoteConfig({ url, authorization }: CiRemote): string {
  const remote = `[remote "origin"]\n\turl = ${quoted(url)}\n`;
  if (authorization === undefined) return remote;
  const { origin } = new URL(url);
  const header = quoted(`Authorization: ${authorization}`);
  return `${remote}[http ${quoted(`${origin}/`)}]\n\textraHeader = ${header}\n`;
}

function included(config: string | undefined): string | undefined {
  return config === undefined ? undefined : `[include]\n\tpath = ${quoted(config)}\n`;
}

/** Lines of `ls-remote`, which lists every ref that ends like a name: `<id>\t<ref>`, and `<ref>^{}` where a tag leads elsewhere. */
function idsIn(text: string, names: readonly string[]): ReadonlyMap<string, string> {
  const listed = new Map(
    text.split('\n').map((line): [string, string] => {
      const [id = '', ref = ''] = line.split('\t');
      return [ref, id];
    }),
  );
  return new Map(
    names.flatMap((name): readonly (readonly [string, string])[] => {
      const id = listed.get(`${name}^{}`) ?? listed.get(name);
      return id === undefined ? [] : [[name, id]];
    }),
  );
}

/** A value in quotes, with the escapes that git knows in them (git-config(1), "Syntax"). */
function quoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}

/** Each wanted thing gets a ref, by which git knows on the next step what it has already. */
function fetchArguments(wanted: Readonly<Record<string, string>>, depth: number): readonly string[] {
  return [
    'fetch',
    '--quiet',
    '--no-tags',
    '--no-prune',
    '--no-recurse-submodules',
    '--filter=tree:0',
    UPLOAD_PACK,
    `--depth=${depth}`,
    'origin',
    ...Object.entries(wanted).map(([name, source]) => `+${source}:${FETCHED}/${name}`),
  ];
}

/**
 * The first thing that git, ssh or the remote said: the last one is git's general advice. Git hides passwords in most of
 * its messages, not in all.
 */
function said(finished: Finished): string {
  if (finished.failure === 'timed-out') return 'the remote did not answer in time';
  const first = finished.stderr.split('\n').find((line) => !/^(?:warning:.*|\s*)$/i.test(line));
  return (first ?? explainExit(finished)).trim().replaceAll(/[^\s/'"]+:[^\s/'"]*@/g, '');
}
