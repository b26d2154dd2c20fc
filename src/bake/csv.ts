import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';

/** The fields of one entry as buildx reads it: one line of CSV, in which a line break is a character like others. */
export function csvFields(line: string): readonly string[] {
  const records: readonly (readonly string[])[] = parse(line, { record_delimiter: '\0' });
  return records[0] ?? [];
}

/** Fields as one line of CSV, quoted where they must be. */
export function csvLine(fields: readonly string[]): string {
  return stringify([[...fields]]).replace(/\n$/, '');
}
