import type { Source, SourceState } from '../cache/chain.ts';
import type { Reference } from '../registry/reference.ts';
import { type ShownRef, shownName, type TargetNames } from './target-names.ts';
import type { ResolvedTarget } from './target-plan.ts';

/** One line of a chain: what a role is about, what became of it, and which refs. */
export type ChainRow = readonly [role: string, state: string, refs: string];

/** What of a role is told first: what is imported. */
const STATES: readonly SourceState[] = [
  'found',
  'duplicate',
  'unprobed',
  'denied',
  'throttled',
  'failed',
  'oversized',
  'surplus',
  'missing',
];

/** How a chain is shown. */
export interface ChainLook {
  readonly names: TargetNames;
  /** Refs that share a tag or a repository are put together. */
  readonly short: boolean;
}

/** The chain of one target, a line for each role: what was asked, what is imported and why the rest is not; then what is written. */
export function chainRows(target: ResolvedTarget, look: ChainLook): readonly ChainRow[] {
  const told = target.sources.filter(isTold);
  const roles = [...new Set(told.map(({ role }) => role))];
  const ref = (one: Reference): string => shownName(look.names.ref(one));
  return [
    ...roles.map((role) => roleRow(role, { all: told, look })),
    ...target.exportTo.map((to): ChainRow => ['export', '', ref(to)]),
    ...target.promotions
      .filter(({ what }) => what === 'cache')
      .map(({ to, forwardOnly }): ChainRow => [
        'then',
        '',
        noted(ref(to), forwardOnly ? 'forward only' : ''),
      ]),
  ];
}

/** Earlier commits without a cache are the normal case, and many: they are in the JSON only. */
function isTold({ role, state }: Source): boolean {
  const usual = state === 'missing' || state === 'surplus' || state === 'unprobed';
  return !(usual && (role === 'previous' || role === 'base-previous'));
}

function roleRow(
  role: string,
  { all, look }: { readonly all: readonly Source[]; readonly look: ChainLook },
): ChainRow {
  const sources = all.filter((source) => source.role === role);
  const needed = sources.filter((source) => !isSpare(source));
  const told = needed.length > 0 ? needed : sources;
  const parts = new Map<
    string,
    { readonly state: SourceState; readonly note: string; refs: readonly ShownRef[] }
  >();
  for (const source of told.toSorted((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state))) {
    const note = noteOf(source, { all, names: look.names });
    const key = `${source.state} ${note}`;
    const refs = parts.get(key)?.refs ?? [];
    parts.set(key, { state: source.state, note, refs: [...refs, look.names.ref(source.ref)] });
  }
  const [first, ...others] = parts.values();
  if (first === undefined) return [role, '', ''];
  const said = others.map(({ state, note, refs }) => `${state}: ${noted(refsText(refs, look), note)}`);
  return [role, first.state, [noted(refsText(first.refs, look), first.note), ...said].join('; ')];
}

/** What was not needed beside another one of its role is no news. */
function isSpare({ state, digest }: Source): boolean {
  return state === 'surplus' && digest === undefined;
}

/** Why a source is not imported, as far as its state does not say it. */
function noteOf(
  { state, because = '', digest, role }: Source,
  { all, names }: { readonly all: readonly Source[]; readonly names: TargetNames },
): string {
  const twin = all.find((other) => other.state === 'found' && other.digest === digest);
  if (state !== 'duplicate' || twin === undefined) return because;
  return `same as ${twin.role === role ? shownName(names.ref(twin.ref)) : twin.role}`;
}

function refsText(refs: readonly ShownRef[], { short }: ChainLook): string {
  const [first, ...others] = refs;
  if (first === undefined || others.length === 0 || !short) return refs.map(shownName).join(', ');
  if (others.every(({ tag }) => tag === first.tag)) {
    return `${first.tag} in ${others.length === 1 ? 'both repositories' : `${refs.length} repositories`}`;
  }
  if (others.some(({ repository }) => repository !== first.repository)) return refs.map(shownName).join(', ');
  return [shownName(first), ...others.map(({ tag }) => tag)].join(', ');
}

function noted(text: string, note: string): string {
  return note === '' ? text : `${text} (${note})`;
}
