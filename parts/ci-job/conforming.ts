import { expect } from 'vitest';
import { DOCUMENTS } from '../../src/cli/documents.ts';

/** The document that `text` is. Fails where its schema does not take it, or does not know every member of it. */
export async function conforming(name: string, text: string): Promise<unknown> {
  const written: unknown = JSON.parse(text);
  const document = DOCUMENTS.find((known) => known.name === name);
  if (document === undefined) throw new Error(`'${name}' is not a document of warmbake`);
  const read = (await document.schema()).parse(written);
  expect(JSON.parse(JSON.stringify(read))).toEqual(written);
  return written;
}
