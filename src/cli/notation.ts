/** How names are written where there is little room. */
export interface Notation {
  /** What the names leave out, as lines that are said before. */
  readonly legend: readonly string[];
  /** A text with its repositories as the legend has them. */
  readonly write: (text: string) => string;
}

/** Says everything as it is. */
export const WHOLE: Notation = { legend: [], write: (text) => text };

/**
 * Repositories (`host/path`) by the ends of their names: as much as tells them apart. The legend has the beginnings, each once, with what
 * belongs to it.
 */
export function shortNotation(repositories: readonly string[]): Notation {
  const names = [...new Set(repositories)];
  const ends = new Map(names.map((name) => [name, endOf(name, names)]));
  const shortened = names.filter((name) => ends.get(name) !== name);
  if (shortened.length === 0) return WHOLE;
  // The longest first: one can begin as another one does.
  const anyName = shortened
    .toSorted((a, b) => b.length - a.length)
    .map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
    .join('|');
  const pattern = new RegExp(String.raw`(?<![\w./:@-])(?:${anyName})(?![\w/-]|\.\w)`, 'g');
  return {
    legend: legendOf(ends),
    write: (text) => text.replaceAll(pattern, (name) => ends.get(name) ?? name),
  };
}

/** More repositories are no list that anybody reads. */
const MOST_LISTED = 4;

function legendOf(ends: ReadonlyMap<string, string>): readonly string[] {
  const registries = new Map<string, readonly string[]>();
  for (const [name, end] of ends) {
    const registry = name.slice(0, -end.length - 1);
    if (registry !== '') registries.set(registry, [...(registries.get(registry) ?? []), end]);
  }
  // Of one registry all can be told by their ends.
  return [...registries].map(([registry, all]) =>
    registries.size === 1 && all.length > MOST_LISTED
      ? `registry ${registry}`
      : `registry ${registry}: ${all.join(', ')}`,
  );
}

/** The last words of a name that no other name ends with. */
function endOf(name: string, names: readonly string[]): string {
  const words = name.split('/');
  for (let count = 1; count < words.length; count++) {
    const end = words.slice(-count).join('/');
    if (!names.some((other) => other !== name && `/${other}`.endsWith(`/${end}`))) return end;
  }
  return name;
}

/** Commits by their first 12 digits, and digests by theirs: enough to find one by. */
export function shortHashes(text: string): string {
  return text
    .replaceAll(/(?<![0-9a-f])([0-9a-f]{12})[0-9a-f]{28}(?![0-9a-f])/g, '$1…')
    .replaceAll(/\b(sha256:[0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…');
}
