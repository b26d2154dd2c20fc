/** Keys from the top of the configuration to one value. */
export type Path = readonly PropertyKey[];

/** Something wrong at a path, before it is known where that is in the file. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** The key itself is wrong, not its value. */
  readonly atKey?: boolean;
}

/** Something wrong in the file; lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `targets.test-ci.lane`, `bake.files[0]`; '' where it is the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** `file:line:column path: message`, the form that editors make clickable. */
export function problemLine(problem: Problem): string {
  const { file, line, column } = problem;
  return `${file}:${line}:${column} ${problemText(problem)}`;
}

/** `path: message`, for where the place is shown. */
export function problemText({ path, message }: Pick<Problem, 'path' | 'message'>): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** A path as people write it. */
export function pathText(path: Path): string {
  return path.map(segmentText).join('').replace(/^\./, '');
}

function segmentText(segment: PropertyKey): string {
  if (typeof segment === 'number') return `[${segment}]`;
  const key = String(segment);
  return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
