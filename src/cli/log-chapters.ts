import type { Host } from '../platform/host.ts';
import { hasEnds } from './ci-commands.ts';
import type { Line, Look } from './door.ts';

/** Chapters of one run's log, where somebody has to be told when they end. */
export interface LogChapters {
  /** The lines with what ends the chapter before each heading, and begins the new one. */
  readonly marked: (lines: readonly Line[]) => readonly Line[];
  /** What ends the last one; nothing where none is open. */
  readonly ended: () => readonly Line[];
}

/** Keeps in mind which chapter is open. Their names are this run's own: a job can run several. */
export function logChapters(
  { log }: Pick<Look, 'log'>,
  { clock, random }: Pick<Host, 'clock' | 'random'>,
): LogChapters {
  let run: string | undefined;
  let count = 0;
  let open: string | undefined;
  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);
  const newName = (): string => {
    run ??= Math.floor(random() * 36 ** 8).toString(36);
    count += 1;
    return `warmbake-${run}-${count}`;
  };
  const ended = (): readonly Line[] => {
    if (open === undefined) return [];
    const end = { ends: { name: open, seconds: seconds() } };
    open = undefined;
    return [end];
  };
  return {
    ended,
    marked: (lines) =>
      lines.flatMap((line) => {
        if (typeof line === 'string' || !('heading' in line) || !hasEnds(log)) return [line];
        const before = ended();
        // What GitHub cannot fold open is no chapter there.
        if (log === 'github' && line.open) return [...before, line];
        open = newName();
        return [...before, { ...line, section: { name: open, seconds: seconds() } }];
      }),
  };
}
