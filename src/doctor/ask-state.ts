import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { WarmbakeError, messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { openStore } from '../state/open-store.ts';
import { parseStatePlace } from '../state/state-place.ts';
import { type DoctorFinding, ok, skipped, thrown, warning } from './finding.ts';

/** Whether records of builds can be kept. Nothing is written: of S3 only a read is tried. */
export async function askState(
  host: Host,
  { place, region, trusted }: { readonly place: string; readonly region: string; readonly trusted: boolean },
): Promise<readonly DoctorFinding[]> {
  const check = 'state-store';
  if (parseStatePlace(place) === undefined) return [await directoryFinding(path.resolve(host.cwd, place))];
  try {
    await openStore(host, place, { region, area: { kind: 'builds', trusted } }).read('doctor');
    return [ok(check, `${place} answers; whether records may be added was not tried`)];
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    if (error.code !== 'aws-denied') return [thrown(check, error, 'warning')];
    const why = 'a role that may only add records cannot tell what is absent from what is forbidden';
    return [skipped(check, `${place}: ${why}, and trying would leave one`)];
  }
}

async function directoryFinding(directory: string): Promise<DoctorFinding> {
  const check = 'state-store';
  try {
    await access(directory, constants.R_OK | constants.W_OK);
    return ok(check, `${directory} can be read and written`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return ok(check, `${directory} is not there yet, and is made by the first record`);
    const fix = 'let the user of this job write there, or set state to another place';
    return warning(check, { text: `records cannot be kept: ${messageOf(error)}`, fix });
  }
}
