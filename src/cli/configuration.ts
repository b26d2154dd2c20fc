import { checkoutPathOf } from '../ci/said.ts';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { changedSettings, changesText } from '../config/difference.ts';
import { configurationPlaces } from '../config/find.ts';
import { loadSettings, settingsOfText } from '../config/load.ts';
import type { ReadConfiguration } from '../config/parse.ts';
import { type ConfigurationSource, parseConfigurationSource } from '../config/source.ts';
import type { UsedConfiguration } from '../config/used.ts';
import type { CiFacts } from '../ci/facts.ts';
import { readCi } from '../ci/read-ci.ts';
import { inCi } from '../ci/system.ts';
import { type CheckoutPlace, checkoutsAround, headCommit } from '../context/checkout.ts';
import { type ConfigurationPlace, placeOfConfiguration } from '../context/configuration-place.ts';
import { readTrustedFile, type TrustedFile } from '../context/trusted-file.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { sayIfSlow } from '../platform/slow.ts';
import { digestOf } from '../registry/digest.ts';
import { type Input, textOption } from './command.ts';
import { placeOfFile, requireKnownPlace, requireNoWayOut, textInCheckout } from './configuration-file.ts';

/** A configuration, where it comes from, and what is to be said about that. */
export interface OpenedConfiguration extends ReadConfiguration {
  /** Absolute; of a file that comes from a branch, where the checkout would have it. */
  readonly file: string;
  readonly used: UsedConfiguration;
  readonly warnings: readonly Warning[];
  /** The checkout around the working directory, where git sees one. */
  readonly checkout: CheckoutPlace | undefined;
}

/**
 * Reads the configuration that this run may use: in a build that is not one of the trusted branch a file of the checkout counts as it
 * is there on the branch (law L1), and what the checkout has otherwise is told. Throws `config`, or `outside` where the branch
 * cannot be asked: nothing else is taken in its place. `asked` answers where the checkout lies.
 */
export async function configurationOf(
  host: Host,
  input: Input,
  asked: Promise<CheckoutPlace | undefined>,
): Promise<OpenedConfiguration> {
  const option = textOption(input, 'config');
  const source = askedSource(host, input);
  const { candidates } = configurationPlaces(host, option);
  const checkout = await asked;
  const root = checkout?.top ?? host.cwd;
  const [named] = candidates;
  // The agent's own word first: what a pull request commits can make git see no checkout, or another one.
  const around = checkout === undefined ? [] : await checkoutsAround(host, checkout);
  const said = checkoutPathOf(host.env);
  // A folder that several checkouts lie in is none itself (actions/checkout, `path`).
  const roots =
    said === undefined || existsSync(path.join(said, '.git')) ? [said, ...around] : [...around, said];
  const lies = await placeOfFile(roots, named);
  const isChosen = source?.kind === 'checkout' || source?.kind === 'digest';
  // What is taken as it lies there needs no word about the build.
  const build = lies.at === 'outside' || isChosen ? undefined : readCi(host.env);
  const place = placeOfConfiguration(source, {
    build,
    inCheckout: lies.at !== 'outside',
  });
  if (place.at !== 'file') {
    const file = requireKnownPlace(named, lies);
    return { ...(await fromBranch(host, { place, root, file })), checkout };
  }
  if (lies.at !== 'outside' && inCi(host.env)) requireNoWayOut(named, lies);
  return { ...(await fromFile(host, { option, source, root })), checkout };
}

type Opened = Omit<OpenedConfiguration, 'checkout'>;

async function fromFile(
  host: Host,
  {
    option,
    source,
    root,
  }: {
    readonly option: string | undefined;
    readonly source: ConfigurationSource | undefined;
    readonly root: string;
  },
): Promise<Opened> {
  const { file, text, ...configuration } = await loadSettings(host, {
    ...(option === undefined ? {} : { config: option }),
    topLevel: root,
  });
  const { inside } = await placeOfFile([root], file);
  const used = { file: inside ?? file, digest: digestOf(Buffer.from(text)) };
  if (source?.kind === 'digest') requireDigest(used, source);
  const from = source?.kind === 'digest' ? 'digest' : inside === undefined ? 'outside' : 'checkout';
  return { ...configuration, file, used: { from, ...used }, warnings: [] };
}

function askedSource(host: Host, input: Input): ConfigurationSource | undefined {
  const option = textOption(input, 'configFrom');
  if (option !== undefined) return parseConfigurationSource(option, '--config-from');
  const variable = nonEmpty(host.env['WARMBAKE_CONFIG_FROM']);
  return variable === undefined ? undefined : parseConfigurationSource(variable, 'WARMBAKE_CONFIG_FROM');
}

async function fromBranch(
  host: Host,
  {
    place,
    root,
    file,
  }: {
    readonly place: Exclude<ConfigurationPlace, { at: 'file' }>;
    readonly root: string;
    readonly file: string;
  },
): Promise<Opened> {
  const { branch } = place;
  const build = readCi(host.env);
  const commit = build === undefined || build.commit === 'HEAD' ? await headCommit(host) : build.commit;
  const asked = readTrustedFile(host, {
    file,
    branch,
    mergeBaseOf: place.at === 'merge-base' ? commit : undefined,
    origin: build?.remote,
  });
  const found = requireFound(await sayIfSlow(host, `asking git for the configuration of ${branch}`, asked), {
    file,
    branch,
    build,
  });
  const configuration = settingsOfText(found.text, { file: `${branch}:${file}`, root });
  const { trustedBranch } = configuration.settings;
  if (trustedBranch !== branch) {
    throw new WarmbakeError(
      'config',
      'trusted-branch-differs',
      `the configuration of ${branch} says that the trusted branch is ${trustedBranch}`,
      { hint: `take it from there: --config-from ${place.at}:${trustedBranch}` },
    );
  }
  const here = await textInCheckout(root, path.join(root, file));
  const changed = here === undefined ? undefined : changedSettings(found.text, here);
  const used = {
    from: found.at,
    file,
    digest: digestOf(Buffer.from(found.text)),
    branch,
    commit: found.commit,
  };
  return {
    ...configuration,
    file: path.join(root, file),
    used: { ...used, changed: changed ?? [] },
    warnings: here === found.text || changed?.length === 0 ? [] : [differs(used, changed)],
  };
}

function requireFound(
  found: TrustedFile,
  {
    file,
    branch,
    build,
  }: { readonly file: string; readonly branch: string; readonly build: CiFacts | undefined },
): Extract<TrustedFile, { state: 'found' }> {
  if (found.state === 'found') return found;
  if (found.state === 'unknown') {
    const isThere = !/couldn't find remote ref/.test(found.because);
    throw new WarmbakeError(
      isThere ? 'outside' : 'config',
      'trusted-configuration-unknown',
      `an untrusted build takes '${file}' from ${branch}, and git cannot read it there: ${found.because}`,
      {
        hint: isThere
          ? `${wayToRepository(build)}, or pin the file: --config-from sha256:…`
          : 'name the trusted branch: --config-from merge-base:BRANCH',
      },
    );
  }
  const where = found.at === 'tip' ? 'is' : `was at ${found.commit.slice(0, 12)}, the merge base`;
  throw new WarmbakeError(
    'config',
    'trusted-configuration-missing',
    `an untrusted build takes '${file}' from ${branch}, and it is not there as ${branch} ${where}`,
    { hint: 'merge the file first, or say whom you trust: --config-from checkout, or sha256:…' },
  );
}

function wayToRepository(build: CiFacts | undefined): string {
  return build?.system === 'github' && build.remote?.authorization === undefined
    ? "give the step the job's token, where the repository is private (env: GITHUB_TOKEN: ${{ github.token }})"
    : 'let git of this job reach the repository';
}

function requireDigest(
  { file, digest }: { readonly file: string; readonly digest: string },
  wanted: { readonly digest: string },
): void {
  if (digest === wanted.digest) return;
  throw new WarmbakeError(
    'refused',
    'configuration-differs',
    `'${file}' is ${digest}, not ${wanted.digest}`,
    {
      hint: 'if the change is meant, pin the new digest with --config-from',
    },
  );
}

function differs(
  { file, commit }: { readonly file: string; readonly commit: string },
  changed: readonly string[] | undefined,
): Warning {
  const what = changed === undefined ? 'has none that can be read' : `differs in ${changesText(changed)}`;
  const message = `this build uses '${file}' of ${commit.slice(0, 12)}; this checkout's, which is not used, ${what}`;
  return { code: 'configuration-not-used', message };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
