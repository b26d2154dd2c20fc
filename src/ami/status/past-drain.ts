import * as z from 'zod';
import { messageOf } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { jsonOrUndefined } from '../../platform/json.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { StateStore } from '../../state/store.ts';

/** Where the notes are in a family's part of the state store. */
const FOLDER = 'drains';

/** So many notes, the newest, are read. */
const NEWEST = 9;

const time = z.iso.datetime().transform((text) => new Date(text));
const noteSchema = z.object({ image: z.string(), instances: z.int(), began: time, ended: time });

/** A rollout that a watch followed until its end. */
export interface PastDrain {
  /** The image that was brought out. */
  readonly image: string;
  /** How many instances ran another one at the watch's first look. */
  readonly instances: number;
  /** When the parameter got the image. */
  readonly began: Date;
  /** When a look found no other image any more. */
  readonly ended: Date;
}

/** Notes how long it took. What cannot be written is a warning: it is a help for estimates, nothing else. */
export async function noteDrain(
  store: StateStore,
  { emit }: Pick<Host, 'emit'>,
  past: PastDrain,
): Promise<void> {
  const key = `${FOLDER}/${past.ended.toISOString().replaceAll(/[-:.]/g, '')}-${past.image}.json`;
  try {
    await store.write(key, JSON.stringify(past), { expected: undefined });
  } catch (error) {
    warn(emit, 'drain-unnoted', `how long this took is not noted for the next time: ${messageOf(error)}`);
  }
}

/** The newest notes; those that cannot be read are left out. Throws `outside`. */
export async function readDrains(store: StateStore): Promise<readonly PastDrain[]> {
  const keys = (await store.keys(FOLDER)).filter((key) => key.endsWith('.json')).slice(-NEWEST);
  const texts = await inParallel(keys, async (key) => (await store.read(`${FOLDER}/${key}`))?.text ?? '', {
    limit: NEWEST,
  });
  return texts.flatMap((text) => {
    const read = noteSchema.safeParse(jsonOrUndefined(text));
    return read.success && read.data.ended > read.data.began ? [read.data] : [];
  });
}
