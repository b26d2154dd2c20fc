import type { StepKind, StepUpdate } from '../platform/events.ts';

/** `0.4s`, `59.9s`, `2m 05s`, `1h 02m`. */
export function secondsText(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

const WORDS: Readonly<Partial<Record<StepKind, Readonly<Partial<Record<StepUpdate['state'], string>>>>>> = {
  // A source that cannot be imported stops nothing.
  import: { executed: 'imported', failed: 'skipped' },
  export: { executed: 'exported' },
  image: { executed: 'exported' },
};

/** One word for what happens to a step. */
export function stepWord(step: StepUpdate): string {
  return WORDS[step.kind]?.[step.state] ?? step.state;
}

/** `   3.2s executed  [build 2/4] RUN make`; errors only where they stop nothing, else they get a block of their own. */
export function stepLine(step: StepUpdate, word: string): string {
  const seconds = step.seconds === undefined ? '' : secondsText(step.seconds);
  const harmless = step.kind === 'import' || step.kind === 'export';
  const error = harmless && step.error !== undefined ? `: ${step.error}` : '';
  return `${seconds.padStart(7)} ${word.padEnd(8)}  ${step.name}${error}`;
}

/** The name of a step cut to one readable line: commands can be pages long. */
export function shortName(name: string): string {
  return name.length > 160 ? `${name.slice(0, 159)}…` : name;
}

/** The end of a failed process without its command, which stands in the name; other errors as they are. */
export function shortError(error: string): string {
  return error.replace(/^process ".*" did not complete successfully: /s, '');
}

/** `[build 2/4]`: what stands before the output of a step. */
export function stepPrefix(name: string): string {
  return /^\[[^\]]*\]/.exec(name)?.[0] ?? name.slice(0, 20);
}

/** True where a failure ends the build, so that it is shown with the last output. */
export function isFatal(step: StepUpdate): boolean {
  return step.state === 'failed' && step.kind !== 'import' && step.kind !== 'export';
}
