import { messageOf } from '../platform/errors.ts';
import { warn } from '../platform/events.ts';
import type { Host } from '../platform/host.ts';
import { inParallel } from '../platform/parallel.ts';
import type { StateStore } from './store.ts';
import { jsonOrUndefined } from '../platform/json.ts';
import { type RUN_JOBS, runSchema } from './journal-schema.ts';

/** What a run does. */
export type RunJob = (typeof RUN_JOBS)[number];

/** What a run wanted, what it has written so far, and how it ended. A help for people: nothing is true only here. */
export interface RunRecord {
  readonly id: string;
  readonly job: RunJob;
  /** For people to read. */
  readonly command: string;
  readonly by: string;
  readonly url?: string;
  readonly reason?: string;
  /** Image that it brings to the stacks. */
  readonly image?: string;
  /** Those that it rolls, where it is not all of the family. */
  readonly stacks?: readonly string[];
  readonly started: Date;
  readonly writes: readonly RunWrite[];
  /** Absent while it runs, or where it was killed. */
  readonly ended?: { readonly at: Date; readonly outcome: 'done' | 'failed'; readonly error?: string };
}

/** A request that changed something, or was about to. */
export interface RunWrite {
  readonly at: Date;
  /** Port, method and subject: `groups.relaunch main-AgentAutoScaleGroup-1`. */
  readonly what: string;
}

/** A run that is being written down. */
export interface OpenRun {
  /** Writes it down when it suits; never fails. */
  note(what: string): void;
  end(outcome: 'done' | 'failed', error?: string): Promise<void>;
}

/** Begins the record of a run in `folder`. What cannot be written is one warning: the run goes on without. */
export async function openRun(
  store: StateStore,
  host: Pick<Host, 'clock' | 'emit'>,
  { folder, run }: { readonly folder: string; readonly run: Omit<RunRecord, 'started' | 'writes' | 'ended'> },
): Promise<OpenRun> {
  const { clock, emit } = host;
  const started = clock.now();
  const key = `${folder}/${started.toISOString().replaceAll(/[-:.]/g, '')}-${run.id}.json`;
  let record: RunRecord = { ...run, started, writes: [] };
  let version: string | undefined;
  let isBroken = false;
  let isBehind = false;
  let writing: Promise<void> | undefined;
  const writeAll = async (): Promise<void> => {
    while (isBehind && !isBroken) {
      isBehind = false;
      try {
        version = await store.write(key, JSON.stringify(record), { expected: version });
      } catch (error) {
        isBroken = true;
        warn(emit, 'journal-unwritten', `this run is not written down: ${messageOf(error)}`);
      }
    }
    writing = undefined;
  };
  const save = async (change: Partial<RunRecord>): Promise<void> => {
    record = { ...record, ...change };
    isBehind = true;
    await (writing ??= writeAll());
  };
  await save({});
  return {
    note: (what) => void save({ writes: [...record.writes, { at: clock.now(), what }] }),
    end: async (outcome, error) => {
      await save({ ended: { at: clock.now(), outcome, ...(error === undefined ? {} : { error }) } });
      await writing;
    },
  };
}

/** The newest runs of `folder`, newest first, at most `limit`. Records that cannot be read are left out. Throws `outside`. */
export async function readRuns(
  store: StateStore,
  folder: string,
  { limit }: { readonly limit: number },
): Promise<readonly RunRecord[]> {
  const keys = (await store.keys(folder)).filter((key) => key.endsWith('.json')).toReversed();
  const texts = await inParallel(
    keys.slice(0, limit),
    async (key) => (await store.read(`${folder}/${key}`))?.text ?? '',
    { limit: 8 },
  );
  return texts.flatMap((text) => {
    const read = runSchema.safeParse(jsonOrUndefined(text));
    return read.success ? [read.data] : [];
  });
}

/** The newest run where it did not come to a good end; `running` is the id of the one that has the lock now. */
export function unfinishedRun(
  runs: readonly RunRecord[],
  running: string | undefined,
): RunRecord | undefined {
  const [newest] = runs;
  return newest === undefined || newest.id === running || newest.ended?.outcome === 'done'
    ? undefined
    : newest;
}
