import type { ConfigurationSource } from '../config/source.ts';
import type { CiFacts } from '../ci/facts.ts';
import { doubtAboutJob } from './trust.ts';

/** Where a run reads its configuration: the file as it lies there, or as the remote's branch has it. */
export type ConfigurationPlace =
  | { readonly at: 'file' }
  | { readonly at: 'merge-base' | 'tip'; readonly branch: string };

/** What the choice rests on. */
export interface ConfigurationFacts {
  /** Absent outside of CI. */
  readonly build: CiFacts | undefined;
  /** Whether the file lies in the checkout, which a pull request writes. */
  readonly inCheckout: boolean;
}

/**
 * Law L1: a build that is not one of the trusted branch takes the configuration from there, because its own says what is trusted.
 * The branch is known before any configuration: named with the source, else the pipeline's default one, else `main`.
 */
export function placeOfConfiguration(
  source: ConfigurationSource | undefined,
  { build, inCheckout }: ConfigurationFacts,
): ConfigurationPlace {
  const asked = source ?? (build === undefined ? { kind: 'checkout' } : { kind: 'merge-base' });
  if (!inCheckout || asked.kind === 'checkout' || asked.kind === 'digest') return { at: 'file' };
  const branch = asked.branch ?? build?.defaultBranch ?? 'main';
  // A tag can be put on any commit, which would then be its own merge base.
  if (build?.tag !== undefined) return { at: 'tip', branch };
  const trusted = build !== undefined && doubtAboutJob(build, branch) === undefined;
  return trusted ? { at: 'file' } : { at: asked.kind, branch };
}
