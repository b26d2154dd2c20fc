import { OUR_VARIABLES } from '../ci/other.ts';
import type { Settings } from '../config/settings.ts';
import { WarmbakeError } from '../platform/errors.ts';
import type { Warning } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { nearest } from '../platform/nearest.ts';
import { withoutSccache } from '../sccache/switched-off.ts';
import type { Writes } from './target-plan.ts';

type SwitchPosition = 'on' | 'off';

/** What one build does otherwise than configured, without a commit. A switch only takes away: see {@link switchedWrites}. */
export interface Switches {
  readonly cacheImport: SwitchPosition;
  /** Also switches the further names of the cache off. */
  readonly cacheExport: SwitchPosition;
  /** Off gives compile steps other cache keys: they are built again. */
  readonly sccache: SwitchPosition;
  /** The builder to use, and no other. */
  readonly builder?: string;
  /** The version that was asked for: this one. */
  readonly version?: string;
  /** One plain bake of the same definition: nothing is probed, skipped, tried again, read back or promoted. */
  readonly bypass: boolean;
}

const NAMES = {
  cacheImport: 'WARMBAKE_CACHE_IMPORT',
  cacheExport: 'WARMBAKE_CACHE_EXPORT',
  sccache: 'WARMBAKE_SCCACHE',
  builder: 'WARMBAKE_BUILDER',
  version: 'WARMBAKE_VERSION',
  bypass: 'WARMBAKE_BYPASS',
} as const satisfies Record<keyof Switches, string>;

/** Other variables with our prefix that mean something: to the configuration's search, to the launcher, and about the build. */
const OTHERS = [
  'WARMBAKE_CONFIG',
  'WARMBAKE_CONFIG_FROM',
  'WARMBAKE_SHA256',
  'WARMBAKE_LOCATION',
  ...OUR_VARIABLES,
];

/**
 * Reads the switches; an empty variable is none. Throws `config` for a value that is no position, and where `version` is not
 * the one that runs: a switch that does nothing would be believed.
 */
export function readSwitches(env: Host['env'], running: string): Switches {
  const position = (name: string): SwitchPosition => oneOf(env, name, { on: 'on', off: 'off' }) ?? 'on';
  const builder = text(env, NAMES.builder, /^[A-Za-z][A-Za-z0-9_.-]*$/);
  const version = text(env, NAMES.version, /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/);
  if (version !== undefined && version !== running) {
    throw refused(NAMES.version, version, {
      problem: `this is ${running}`,
      hint: 'start it through warmbake.sh, which fetches it',
    });
  }
  return {
    cacheImport: position(NAMES.cacheImport),
    cacheExport: position(NAMES.cacheExport),
    sccache: position(NAMES.sccache),
    ...(builder === undefined ? {} : { builder }),
    ...(version === undefined ? {} : { version }),
    bypass: oneOf(env, NAMES.bypass, { '1': true, '0': false }) ?? false,
  };
}

/** The switches that are set, as a line of the log; `undefined` where none is. */
export function switchesText(switches: Switches): string | undefined {
  const { cacheImport, cacheExport, sccache, builder, version, bypass } = switches;
  const set = [
    ...(bypass ? ['bypass: one plain bake'] : []),
    ...(cacheImport === 'off' ? ['cache import off'] : []),
    ...(cacheExport === 'off' ? ['cache export off'] : []),
    ...(sccache === 'off' ? ['sccache off'] : []),
    ...(builder === undefined ? [] : [`builder ${builder}`]),
    ...(version === undefined ? [] : [`version ${version}`]),
  ];
  return set.length === 0 ? undefined : set.join(', ');
}

/** What a build may write under these switches: a part of what it may write without (law L1). */
export function switchedWrites<W extends Writes>(writes: W, { cacheExport }: Switches): W {
  if (cacheExport === 'on') return writes;
  return { ...writes, exportTo: [], promotions: writes.promotions.filter((p) => p.what === 'image') };
}

/** The configuration under these switches. */
export function switchedSettings(settings: Settings, { sccache }: Switches): Settings {
  return sccache === 'on' ? settings : withoutSccache(settings);
}

/** Variables that look like switches and are none. */
export function unknownSwitches(env: Host['env']): readonly Warning[] {
  const known = new Set<string>([...Object.values(NAMES), ...OTHERS]);
  return Object.keys(env)
    .filter((name) => name.startsWith('WARMBAKE_') && !known.has(name))
    .flatMap((name) => {
      const meant = nearest(name, Object.values(NAMES));
      if (meant === undefined) return [];
      return [{ code: 'unknown-switch', message: `${name} does nothing; did you mean ${meant}?` }];
    });
}

function oneOf<T>(env: Host['env'], name: string, meanings: Readonly<Record<string, T>>): T | undefined {
  const value = env[name] ?? '';
  if (value === '') return undefined;
  const meaning = Object.hasOwn(meanings, value) ? meanings[value] : undefined;
  if (meaning !== undefined) return meaning;
  throw refused(name, value, { problem: `it must be ${Object.keys(meanings).toSorted().join(' or ')}` });
}

function text(env: Host['env'], name: string, form: RegExp): string | undefined {
  const value = env[name] ?? '';
  if (value === '' || form.test(value)) return value === '' ? undefined : value;
  throw refused(name, value, { problem: 'that is not the name of one' });
}

function refused(
  name: string,
  value: string,
  { problem, ...detail }: { readonly problem: string; readonly hint?: string },
): WarmbakeError {
  const shown = value.replaceAll(/\p{Cc}/gu, '?');
  return new WarmbakeError('config', 'bad-switch', `${name} is '${shown}'; ${problem}`, detail);
}
