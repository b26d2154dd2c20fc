import type { BuildContext } from '../context/context.ts';
import { messageOf } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { openStore } from '../state/open-store.ts';
import type { StateStore } from '../state/store.ts';

/** The folder of build records in the state store; one JSON document a job. */
const FOLDER = 'builds';

/** Records that are read back at most: the newest. */
const NEWEST = 500;

/** Opens the configured state store, for a command that knows no region: S3 tells where the bucket is. */
export function openRecords(host: Host, place: string): StateStore {
  const region = host.env['AWS_REGION'] ?? host.env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  return openStore(host, place, { region });
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
  const key = `${FOLDER}/${number}-${targets.join('-')}.json`;
  try {
    await store.write(key, `${JSON.stringify(document)}\n`, { expected: undefined });
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

/** The newest records, oldest first. What is no JSON is passed over. Throws `outside` where the store cannot be read. */
export async function* readRecords(store: StateStore): AsyncGenerator {
  const names = (await store.keys(FOLDER)).slice(-NEWEST);
  for (const name of names) {
    const entry = await store.read(`${FOLDER}/${name}`);
    try {
      yield JSON.parse(entry?.text ?? 'null');
    } catch {
      // Half a record helps nobody.
    }
  }
}
