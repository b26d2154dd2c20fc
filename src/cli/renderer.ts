import { inCi, logReaders } from '../ci/system.ts';
import type { Host } from '../platform/host.ts';
import type { LogReader } from './ci-commands.ts';
import type { Look, SafePage } from './door.ts';
import { FRAME_MS, liveRenderer } from './live.ts';
import { type Renderer, textRenderer } from './text.ts';

/** Where text goes: results to `out`, everything else to `err`. */
export interface Streams {
  readonly out: (text: SafePage) => void;
  readonly err: (text: SafePage) => void;
  /** The terminal behind `err`; absent for pipes and files. */
  readonly terminal?: Terminal;
  /** The one behind `out`. */
  readonly outTerminal?: Pick<Terminal, 'columns'>;
}

/** The size of a terminal, now. */
export interface Terminal {
  readonly columns: () => number;
  readonly rows: () => number;
}

/** Plain lines in CI, pipes and dumb terminals; a live display elsewhere. */
export function eventRenderer(
  streams: Streams,
  { env, clock, random, look }: Pick<Host, 'env' | 'clock' | 'random'> & { readonly look: Look },
): Renderer {
  const { terminal } = streams;
  if (terminal === undefined || isLog(env) || env['TERM'] === 'dumb') {
    return textRenderer(look, streams.err, { clock, random });
  }
  const live = liveRenderer(look, { ...terminal, write: streams.err }, clock);
  const timer = setInterval(live.tick, FRAME_MS);
  timer.unref();
  return {
    emit: live.emit,
    pause: live.pause,
    close: () => {
      clearInterval(timer);
      live.close();
    },
  };
}

/** How text may look where these streams lead; `wide`: its lines have no end. */
export function looksOf(
  { terminal, outTerminal }: Streams,
  env: Host['env'],
  { wide = false }: { readonly wide?: boolean } = {},
): { readonly out: Look; readonly err: Look } {
  const log = logReader(env);
  const look = { log, colour: wantsColour(env, terminal !== undefined || log !== 'plain') };
  return {
    out: { ...look, ...(wide ? {} : columnsFor(outTerminal, env)) },
    err: { ...look, ...(wide ? {} : columnsFor(terminal, env)) },
  };
}

/** Who reads what this process says. */
function logReader(env: Host['env']): LogReader {
  const [reader = 'plain', ...others] = logReaders(env);
  return others.length === 0 ? reader : 'several';
}

/** True where nobody looks at it while it is written. */
function isLog(env: Host['env']): boolean {
  return inCi(env) || isSet(env['CI']);
}

/**
 * COLUMNS, else the terminal's. Logs are searched, and shown by what wraps lines itself: there none is broken, though CI agents start their
 * jobs in a terminal, and a pipe has no width.
 */
function columnsFor(
  terminal: Pick<Terminal, 'columns'> | undefined,
  env: Host['env'],
): Pick<Look, 'columns'> {
  const asked = Number(env['COLUMNS']);
  if (Number.isInteger(asked) && asked > 0) return { columns: () => Math.max(NARROWEST_SCREEN, asked) };
  if (terminal === undefined || isLog(env)) return {};
  // A terminal that does not know its own width says 0.
  return { columns: () => Math.max(NARROWEST_SCREEN, terminal.columns() || 80) };
}

/** Below it, words would stand one by one. */
const NARROWEST_SCREEN = 40;

/** https://no-color.org; the log viewers of Buildkite, GitHub and GitLab are no terminals and show colours. */
function wantsColour(env: Host['env'], capable: boolean): boolean {
  if (isSet(env['NO_COLOR']) || env['TERM'] === 'dumb') return false;
  return capable || isSet(env['FORCE_COLOR']);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}
