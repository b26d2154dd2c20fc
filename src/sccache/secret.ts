import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { csvLine } from '../bake/csv.ts';
import type { AwsCredentials } from '../platform/aws-credentials.ts';

/** A secret of the build: BuildKit hands `file` to steps that mount `id`, and keeps it out of layers and cache keys. */
export interface BuildSecret {
  readonly id: string;
  /** Absolute; 0600 in a directory of 0700. */
  readonly file: string;
  /** Removes the file; twice does no harm. The scratch directory goes at the end of the run in any case. */
  readonly remove: () => Promise<void>;
}

/** Writes credentials as the file that AWS SDKs and sccache read; one that is there is replaced. */
export async function writeSecret(
  credentials: AwsCredentials,
  { id, scratch }: { readonly id: string; readonly scratch: string },
): Promise<BuildSecret> {
  const directory = path.join(scratch, 'sccache');
  const file = path.join(directory, id);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(file, credentialsFile(credentials), { mode: 0o600 });
  return { id, file, remove: async () => await rm(file, { force: true }) };
}

/** An entry of a bake target's `secret` (see `secretEnvironment` of the overlay): one CSV line. */
export function secretEntry({ id, file }: Pick<BuildSecret, 'id' | 'file'>): string {
  return csvLine(['type=file', `id=${id}`, `src=${file}`]);
}

/** The profile that every SDK reads where it is told of no other (docs.aws.amazon.com/sdkref/latest/guide/file-format.html). */
function credentialsFile({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentials): string {
  return [
    '[default]',
    `aws_access_key_id = ${accessKeyId}`,
    `aws_secret_access_key = ${secretAccessKey}`,
    ...(sessionToken === undefined ? [] : [`aws_session_token = ${sessionToken}`]),
    '',
  ].join('\n');
}
