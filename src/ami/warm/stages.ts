/** A stage of a Dockerfile. */
export interface Stage {
  /** What other stages call it: its name in lower case, or its number where it has none. */
  readonly name: string;
  /** Stages that it needs directly. */
  readonly needs: readonly string[];
}

/**
 * The stages that building `target` makes, in the order of the file; those that nothing needs are not among them. `target`
 * absent is the last stage; `undefined` where the file has no such stage. `args` are build arguments: they choose bases
 * (`FROM ${BASE}`), and win over the defaults in the file.
 */
export function stagesOf(
  dockerfile: string,
  target: string | undefined,
  args: Readonly<Record<string, string>>,
): readonly string[] | undefined {
  const stages = readStages(dockerfile, args);
  const last = stages.at(-1)?.name;
  const wanted = target === undefined ? last : nameOf(stages, target);
  if (wanted === undefined) return undefined;
  const reached = new Set<string>();
  const reach = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    for (const needed of stages.find((stage) => stage.name === name)?.needs ?? []) reach(needed);
  };
  reach(wanted);
  return stages.map((stage) => stage.name).filter((name) => reached.has(name));
}

function nameOf(stages: readonly Stage[], text: string): string | undefined {
  const name = text.toLowerCase();
  return (
    stages.findLast((stage) => stage.name === name)?.name ??
    (/^\d+$/.test(name) ? stages[Number(name)]?.name : undefined)
  );
}

/** Arguments that BuildKit sets by itself; images of machines are for amd64. */
const PLATFORM = [
  ['TARGETPLATFORM', 'linux/amd64'],
  ['TARGETOS', 'linux'],
  ['TARGETARCH', 'amd64'],
  ['BUILDPLATFORM', 'linux/amd64'],
  ['BUILDOS', 'linux'],
  ['BUILDARCH', 'amd64'],
] as const;

/** Every stage of the file (docs.docker.com/reference/dockerfile: FROM, COPY --from, RUN --mount=from). */
function readStages(dockerfile: string, given: Readonly<Record<string, string>>): readonly Stage[] {
  const stages: { name: string; needs: string[] }[] = [];
  const args = new Map<string, string>(PLATFORM);
  for (const { keyword, rest } of instructions(dockerfile)) {
    const current = stages.at(-1);
    if (keyword === 'ARG' && current === undefined) {
      for (const [name, value] of declarations(rest))
        args.set(name, given[name] ?? expandArguments(value, args));
    } else if (keyword === 'FROM') {
      const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
      const base = nameOf(stages, expandArguments(words[0] ?? '', args));
      const alias = /^as$/i.test(words[1] ?? '') ? words[2]?.toLowerCase() : undefined;
      stages.push({ name: alias ?? String(stages.length), needs: base === undefined ? [] : [base] });
    } else if (current !== undefined) {
      for (const source of sourcesOf(keyword, rest)) {
        const name = nameOf(stages.slice(0, -1), expandArguments(source, args));
        if (name !== undefined) current.needs.push(name);
      }
    }
  }
  return stages;
}

interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

/** Whole instructions: continued lines joined, comments and the bodies of here-documents left out. */
function instructions(dockerfile: string): readonly Instruction[] {
  const lines = dockerfile.split(/\r?\n/);
  const escape = /^#\s*escape\s*=\s*`/im.test(lines.slice(0, 5).join('\n')) ? '`' : '\\';
  const found: Instruction[] = [];
  let open = '';
  for (let i = 0; i < lines.length; i += 1) {
    const line = (lines[i] ?? '').trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.endsWith(escape)) {
      open += `${line.slice(0, -1)} `;
      continue;
    }
    const [, keyword = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(open + line) ?? [];
    open = '';
    found.push({ keyword: keyword.toUpperCase(), rest });
    for (const end of hereDocuments(keyword, rest)) {
      do i += 1;
      while (i < lines.length && lines[i]?.replace(/^\t+/, '') !== end);
    }
  }
  return found;
}

/** The words that end the here-documents of an instruction: `<<EOF`, `<<-"EOF"`. */
function hereDocuments(keyword: string, rest: string): readonly string[] {
  if (!/^(?:RUN|COPY|ADD)$/i.test(keyword)) return [];
  return [...rest.matchAll(/(?:^|\s)\d*<<-?(["']?)([A-Za-z_]\w*)\1/g)].map((match) => match[2] ?? '');
}

/** What an instruction takes files from: stages, other images, or nothing. */
function sourcesOf(keyword: string, rest: string): readonly string[] {
  const flags = /^(?:--\S+\s+)+/.exec(`${rest} `)?.[0] ?? '';
  if (keyword === 'COPY') return [...flags.matchAll(/--from=(\S+)/g)].map((match) => match[1] ?? '');
  if (keyword !== 'RUN') return [];
  return [...flags.matchAll(/--mount=(\S+)/g)].flatMap((mount) =>
    (mount[1] ?? '').split(',').flatMap((field) => (field.startsWith('from=') ? [field.slice(5)] : [])),
  );
}

/** `ARG A=1 B="x y"` as pairs; a name without a default is empty. */
function declarations(rest: string): readonly (readonly [string, string])[] {
  return [...rest.matchAll(/([A-Za-z_]\w*)(?:=("[^"]*"|'[^']*'|\S*))?/g)].map((match) => [
    match[1] ?? '',
    (match[2] ?? '').replace(/^(["'])(.*)\1$/s, '$2'),
  ]);
}

/** `$A`, `${A}`, `${A:-default}` and `${A:+other}` with the values of global arguments. */
function expandArguments(text: string, args: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?([-+])([^}]*))?\})/g,
    (
      _,
      plain: string | undefined,
      name: string | undefined,
      sign: string | undefined,
      word: string | undefined,
    ) => {
      const value = args.get(plain ?? name ?? '') ?? '';
      if (sign === '-') return value === '' ? expandArguments(word ?? '', args) : value;
      if (sign === '+') return value === '' ? '' : expandArguments(word ?? '', args);
      return value;
    },
  );
}
