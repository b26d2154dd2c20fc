import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isWithin } from '../bake/judge.ts';
import { firstLine, git } from '../context/git.ts';
import { currentBranch } from '../context/checkout.ts';
import type { Host } from '../platform/host.ts';
import { succeeded } from '../platform/process.ts';
import { dockerDirectory, hostOfKey, parseDockerConfig } from '../registry/docker-config.ts';
import { type BranchFacts, mainRemote, parseRemotes, type Remote } from './repository-choice.ts';
import { type SeenFiles, sortFiles } from './seen-files.ts';

/** What a checkout shows without asking anybody. */
export interface CheckoutLook {
  readonly seen: SeenFiles;
  /** Of the files that may be bake files. */
  readonly texts: ReadonlyMap<string, string>;
  readonly remotes: readonly Remote[];
  readonly branches: BranchFacts;
  /** Registry hosts that docker has logins for. */
  readonly logins: readonly string[];
}

/** No bake file is larger, and no repository has more that could be one. */
const LARGEST = 1_000_000;
const MOST = 300;

/** Looks at the checkout whose top is `host.cwd`: files that git knows or would add, remotes, branches. Asks no network and no engine. */
export async function lookAround(host: Host): Promise<CheckoutLook> {
  const [files, remotes, logins] = await Promise.all([
    listed(host, ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], '\0'),
    git(host, ['remote', '-v']).then(({ stdout }) => parseRemotes(stdout)),
    hostsLoggedInTo(host.env),
  ]);
  const seen = sortFiles(files);
  const [texts, branches] = await Promise.all([
    readTexts(host.cwd, seen.bake.slice(0, MOST)),
    branchFacts(host, mainRemote(remotes)),
  ]);
  return { seen, texts, remotes, branches, logins };
}

async function listed(host: Host, args: readonly string[], separator: string): Promise<readonly string[]> {
  const finished = await git(host, args);
  return succeeded(finished) ? finished.stdout.split(separator).filter((line) => line !== '') : [];
}

async function branchFacts(host: Host, remote: string | undefined): Promise<BranchFacts> {
  const places = ['refs/heads', ...(remote === undefined ? [] : [`refs/remotes/${remote}`])];
  const prefix = new RegExp(`^(?:${places.join('|')})/`);
  const [head, refs, current] = await Promise.all([
    remote === undefined
      ? undefined
      : firstLine(host, ['symbolic-ref', '--quiet', `refs/remotes/${remote}/HEAD`]),
    listed(host, ['for-each-ref', '--format=%(refname)', ...places], '\n'),
    currentBranch(host),
  ]);
  return {
    ...(head === undefined ? {} : { remoteHead: head.replace(prefix, '') }),
    branches: refs.map((ref) => ref.replace(prefix, '')),
    ...(current === undefined ? {} : { current }),
  };
}

/** Texts of plain files that lie in the checkout; what leads out of it, or cannot be read, is left out. */
async function readTexts(top: string, files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const root = await realpath(top);
  const texts = await Promise.all(
    files.map(async (name) => {
      try {
        const file = await realpath(path.join(root, name));
        const facts = await stat(file);
        if (!isWithin(root, file) || !facts.isFile() || facts.size > LARGEST) return [];
        return [[name, await readFile(file, 'utf8')] as const];
      } catch {
        return [];
      }
    }),
  );
  return new Map(texts.flat());
}

/** Names alone: what is behind them is a password. */
async function hostsLoggedInTo(env: Host['env']): Promise<readonly string[]> {
  const directory = dockerDirectory(env);
  if (directory === undefined) return [];
  const text = await readFile(path.join(directory, 'config.json'), 'utf8').catch(() => '');
  const { auths = {}, credHelpers = {} } = parseDockerConfig(text) ?? {};
  return [...new Set([...Object.keys(auths), ...Object.keys(credHelpers)].map(hostOfKey))];
}
