import type { Host } from '../platform/host.ts';
import { FRAME_MS, liveRenderer } from './live.ts';
import type { Look, SafePage } from './door.ts';
import { type Renderer, textRenderer } from './text.ts';

/** Where text goes: results to `out`, everything else to `err`. */
export interface Streams {
  readonly out: (text: SafePage) => void;
  readonly err: (text: SafePage) => void;
  /** The terminal behind `err`; absent for pipes and files. */
  readonly terminal?: { readonly columns: () => number; readonly rows: () => number };
}

/** Plain lines in CI, pipes and dumb terminals; a live display elsewhere. */
export function eventRenderer(streams: Streams, { env, clock }: Pick<Host, 'env' | 'clock'>): Renderer {
  const { terminal } = streams;
  const look = lookOf(streams, env);
  if (terminal === undefined || look.buildkite || isSet(env['CI']) || env['TERM'] === 'dumb') {
    return textRenderer(look, streams.err);
  }
  const live = liveRenderer(look, { ...terminal, write: streams.err }, clock);
  const timer = setInterval(live.tick, FRAME_MS);
  timer.unref();
  return {
    emit: live.emit,
    close: () => {
      clearInterval(timer);
      live.close();
    },
  };
}

/** How text may look where these streams lead. */
export function lookOf({ terminal }: Streams, env: Host['env']): Look {
  const buildkite = env['BUILDKITE'] === 'true';
  return { buildkite, colour: wantsColour(env, terminal !== undefined || buildkite) };
}

/** https://no-color.org; Buildkite's log viewer is no terminal and shows colours. */
function wantsColour(env: Host['env'], capable: boolean): boolean {
  if (isSet(env['NO_COLOR']) || env['TERM'] === 'dumb') return false;
  return capable || isSet(env['FORCE_COLOR']);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0';
}
