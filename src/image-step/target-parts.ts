import type { PagePart } from '../platform/events.ts';
import { chainRows } from './chain-rows.ts';
import { OWN_NAMES, sharedNames, shownRepositories, type TargetNames } from './target-names.ts';
import type { ResolvedTarget } from './target-plan.ts';

/** Where what a line says begins; before it is its label (`push     …`). */
const LABEL = 9;

/**
 * Targets as a page shows them: each with its chain and below it what `linesOf` says of it. On screens a chain is shown once for all
 * targets whose chains agree, as is what is the same for them. `later`: refs that these parts do not name will be named on this page.
 */
export function targetParts<T extends ResolvedTarget>(
  targets: readonly T[],
  linesOf: (target: T) => readonly string[],
  { later = false }: { readonly later?: boolean } = {},
): readonly PagePart[] {
  const short = groupsOf(targets).flatMap((group) => groupParts(group, linesOf));
  const own = targets.flatMap((target) => shownRepositories(target, OWN_NAMES));
  const shared = targets.flatMap((target) => shownRepositories(target, sharedNames(target, targets)));
  const text = JSON.stringify(short);
  const named = [...own, ...shared].filter((name) => text.includes(`${name}:`) || text.includes(`${name} `));
  const whole = targets.flatMap((target): readonly PagePart[] => [
    ...headParts([target]),
    { type: 'table', head: [], rows: chainRows(target, { names: OWN_NAMES, short: false }), indent: 2 },
    ...linesOf(target).map((line): PagePart => ({ type: 'line', text: line })),
  ]);
  return [
    { type: 'repositories', names: [...named, ...(later ? own : [])] },
    { type: 'two-ways', whole, short },
  ];
}

function groupParts<T extends ResolvedTarget>(
  { members, names }: ChainGroup<T>,
  linesOf: (target: T) => readonly string[],
): readonly PagePart[] {
  const [first] = members;
  if (first === undefined) return [];
  return [
    ...headParts(members),
    { type: 'table', head: [], rows: chainRows(first, { names: names(first), short: true }), indent: 2 },
    ...groupLines(members.map((target) => ({ target, names: names(target), lines: linesOf(target) }))),
  ];
}

function headParts(members: readonly ResolvedTarget[]): readonly PagePart[] {
  const lanes = members.length > 1;
  const told = members.map(({ settings: { name, lane } }) =>
    lanes && lane !== '' ? `${name} (lane ${lane})` : name,
  );
  return [
    { type: 'line', text: '' },
    { type: 'line', text: (members.length === 1 ? 'target   ' : 'targets  ') + told.join(', ') },
  ];
}

interface ChainGroup<T> {
  readonly members: readonly T[];
  readonly names: (target: T) => TargetNames;
}

/** Targets by what their chains say, in the order of the first of each. */
function groupsOf<T extends ResolvedTarget>(targets: readonly T[]): readonly ChainGroup<T>[] {
  const byChain = new Map<string, T[]>();
  for (const target of targets) {
    const chain = JSON.stringify(chainRows(target, { names: sharedNames(target, targets), short: true }));
    byChain.set(chain, [...(byChain.get(chain) ?? []), target]);
  }
  return [...byChain.values()].map((members) => ({
    members,
    names: (target) => (members.length === 1 ? OWN_NAMES : sharedNames(target, targets)),
  }));
}

interface Said {
  readonly target: ResolvedTarget;
  readonly names: TargetNames;
  readonly lines: readonly string[];
}

/** Lines of several targets, by label: those that are the same for all but for their names once, others with the target before them. */
function groupLines(said: readonly Said[]): readonly PagePart[] {
  const labels = [...new Set(said.flatMap(({ lines }) => lines.map((line) => line.slice(0, LABEL))))];
  return labels.flatMap((label) => {
    const each = said.map(({ target, names, lines }) => {
      const own = lines.filter((line) => line.startsWith(label));
      return { name: target.settings.name, own, shared: own.map((line) => names.text(line)) };
    });
    const [first] = each;
    const isSame = each.every(({ shared }) => shared.join('\n') === first?.shared.join('\n'));
    const lines = isSame
      ? (first?.shared ?? [])
      : each.flatMap(({ name, own }) => own.map((line) => `${label}${name}: ${line.slice(LABEL)}`));
    return lines.map((text): PagePart => ({ type: 'line', text }));
  });
}
