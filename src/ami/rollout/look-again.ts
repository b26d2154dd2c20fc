import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { takeMarkOff } from './claim-image.ts';
import { whatChanged, type Facts, type Premise } from './premise.ts';
import { readSettled } from './settled-standing.ts';

/**
 * Makes a look at what the run relies on: each call reads parameter, hold and image anew, and throws `refused` with what has
 * changed; from then on every call does. A cleanup that has marked the image meanwhile loses its mark. Calls that come while a look is under way share the next one, as it begins after them.
 */
export function lookAgain(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  premise: Premise,
): () => Promise<void> {
  const state: { changed?: WarmbakeError; running: Promise<unknown>; next?: Promise<void> | undefined } = {
    running: Promise.resolve(),
  };
  const look = async (): Promise<void> => {
    if (state.changed !== undefined) throw state.changed;
    const facts = await readFacts(account, host, premise);
    const because = whatChanged(premise, facts);
    if (because === undefined) return await takeMarkOff(account, facts.found);
    state.changed = changedMeanwhile(because);
    throw state.changed;
  };
  const afterTheRunning = async (): Promise<void> => {
    await state.running;
    state.next = undefined;
    const own = look();
    state.running = own.catch(() => undefined);
    await own;
  };
  return async () => await (state.next ??= afterTheRunning());
}

/** The error of a run that stops because its plan is not true any more. */
export function changedMeanwhile(because: string): WarmbakeError {
  return new WarmbakeError(
    'refused',
    'changed-meanwhile',
    `${because}; this changed while the run was at work, and it stopped there`,
    { hint: 'look at `warmbake ami status`; run this again if it is still wanted' },
  );
}

async function readFacts(
  account: Account,
  host: Pick<Host, 'clock' | 'signal'>,
  { family, image, standing: was }: Premise,
): Promise<Facts> {
  const [found, standing] = await Promise.all([
    account.images.find(image),
    was === undefined ? undefined : readSettled(account, host, { family, versions: was.versions }),
  ]);
  return standing === undefined ? { found } : { found, standing };
}
