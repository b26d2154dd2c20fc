import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WarmbakeError } from '../platform/errors.ts';

/** The directory `packer/cpu` of this package: beside the sources as well as beside what is compiled from them. */
export function packerTemplate(from: string = fileURLToPath(import.meta.url)): string {
  const parent = path.dirname(from);
  const directory = path.join(parent, 'packer', 'cpu');
  if (existsSync(path.join(directory, 'cpu.pkr.hcl'))) return directory;
  if (parent !== from) return packerTemplate(parent);
  throw new WarmbakeError('defect', 'no-packer-template', 'packer/cpu is not part of this installation');
}
