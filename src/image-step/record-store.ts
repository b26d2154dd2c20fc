import type { BuildContext } from '../context/context.ts';
import { WarmbakeError, messageOf } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { jsonText } from '../platform/outside-text.ts';
import { ENTRY_TOO_LARGE } from '../state/entry-limit.ts';
import { openStore } from '../state/open-store.ts';
import type { StateStore } from '../state/store.ts';

/** Records of one trust that are read back at most: the newest. */
const NEWEST = 500;

/** Opens the records of builds of one trust in the configured state store. No region is known: S3 tells where the bucket is. */
export function openRecords(
  host: Host,
  place: string,
  { trusted }: Pick<BuildContext, 'trusted'>,
): StateStore {
  const region = host.env['AWS_REGION'] ?? host.env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  return openStore(host, place, { region, area: { kind: 'builds', trusted } });
}

/**
 * Keeps the record of a CI build. A store that cannot be reached is a warning: nothing is true only there. A job that is
 * run again keeps its first record.
 */
export async function keepRecord(
  host: Host,
  store: StateStore,
  { context, targets, document }: RecordToKeep,
): Promise<void> {
  if (context.build === undefined) return;
  const number = context.build.number.padStart(9, '0');
  const key = `${number}-${targets.join('-')}.json`;
  try {
    await store.write(key, jsonText(document), { expected: undefined });
  } catch (error) {
    warn(host.emit, 'record-not-kept', `the build record is not in ${store.place}: ${messageOf(error)}`);
  }
}

/** What {@link keepRecord} keeps. */
export interface RecordToKeep {
  readonly context: BuildContext;
  /** Names of the targets, for the key. */
  readonly targets: readonly string[];
  /** The document that `--result` writes. */
  readonly document: object;
}

/**
 * The newest records of builds of either trust, each oldest first. What is no JSON, or too large for a record, is passed over. Throws `outside` where the
 * store cannot be read.
 */
export async function* readRecords(host: Host, place: string): AsyncGenerator {
  for (const trusted of [true, false]) yield* recordsIn(openRecords(host, place, { trusted }));
}

async function* recordsIn(store: StateStore): AsyncGenerator {
  const names = (await store.keys('')).filter((name) => name.endsWith('.json')).slice(-NEWEST);
  for (const name of names) {
    const text = await readSmall(store, name);
    if (text === undefined) continue;
    try {
      yield JSON.parse(text);
    } catch {
      // Half a record helps nobody.
    }
  }
}

/** A pull request adds records of any size: one that nobody reads must not keep main's from being read. */
async function readSmall(store: StateStore, name: string): Promise<string | undefined> {
  try {
    return (await store.read(name))?.text;
  } catch (error) {
    if (error instanceof WarmbakeError && error.code === ENTRY_TOO_LARGE) return undefined;
    throw error;
  }
}
