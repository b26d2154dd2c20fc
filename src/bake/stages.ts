/** What a Dockerfile says of its stages. */
export interface Stages {
  /** In lower case, as BuildKit compares them. */
  readonly names: ReadonlySet<string>;
  readonly count: number;
}

/** Frontends that read Dockerfiles as this does: Docker's own, by any tag. */
const DOCKERS = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]\S*)?$/;

/**
 * The stages of a Dockerfile; `undefined` where another frontend reads it, which makes of it what it likes. Takes rather too much for a
 * stage than too little: a `FROM` in a here-document counts.
 */
export function dockerfileStages(dockerfile: string, { syntax = '' } = {}): Stages | undefined {
  const frontend = syntax === '' ? syntaxOf(dockerfile) : syntax;
  if (frontend !== undefined && !DOCKERS.test(frontend)) return undefined;
  const instructions = logicalLines(dockerfile).flatMap((line) => /^\s*FROM\s+(.*)$/is.exec(line)?.[1] ?? []);
  const names = instructions.flatMap((rest) => /\sAS\s+(\S+)\s*$/is.exec(rest)?.[1]?.toLowerCase() ?? []);
  return { names: new Set(names), count: instructions.length };
}

/** True where `stage` can be built: by its name, or by its number from 0. */
export function hasStage({ names, count }: Stages, stage: string): boolean {
  return names.has(stage.toLowerCase()) || (/^\d+$/.test(stage) && Number(stage) < count);
}

/**
 * The frontend that a file names for itself (github.com/moby/buildkit, frontend/dockerfile/parser/directives.go): in a comment of `#`
 * or `//` before everything else but a shebang, or in JSON.
 */
function syntaxOf(dockerfile: string): string | undefined {
  const text = withoutMark(dockerfile);
  if (text.trimStart().startsWith('{')) return /"syntax"\s*:\s*"([^"]*)"/.exec(text)?.[1];
  // What follows the name is the frontend's command line.
  return directive(text, 'syntax')?.split(/\s+/)[0];
}

/** The value of a directive; they stand before everything else, one a line. Who writes the file decides how long it is. */
function directive(text: string, wanted: string): string | undefined {
  for (const line of text.replace(/^#!.*\r?\n/, '').split('\n')) {
    const [, name, rest = ''] = /^\s*(?:#|\/\/)\s*([A-Za-z][A-Za-z0-9]*)\s*=(.*)$/s.exec(line) ?? [];
    const value = rest.trim();
    if (name === undefined || value === '') return undefined;
    if (name.toLowerCase() === wanted) return value;
  }
  return undefined;
}

function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}

/** Lines with those that they go on in; comments and empty lines between them are skipped, as the parser does. */
function logicalLines(dockerfile: string): readonly string[] {
  const text = withoutMark(dockerfile);
  const escape = directive(text, 'escape') === '`' ? /`[ \t]*$/ : /\\[ \t]*$/;
  const lines: string[] = [];
  let open = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*#/.test(line) || (open !== '' && line.trim() === '')) continue;
    const goesOn = escape.test(line);
    open += goesOn ? `${line.replace(escape, '')} ` : line;
    if (goesOn) continue;
    lines.push(open);
    open = '';
  }
  return [...lines, open];
}
