import { WarmbakeError } from '../../platform/errors.ts';
import type { Host } from '../../platform/host.ts';
import { type CommandOutcome, type CommandSpec, type Input, never } from '../command.ts';
import { DOCUMENTS, schemaOf, schemaText } from '../documents.ts';
import { tablePart } from '../parts.ts';

/** `warmbake schema`: what the JSON documents look like. */
export const schemaCommand: CommandSpec = {
  args: '[document]',
  choices: DOCUMENTS.map(({ name }) => name),
  description:
    'Print the JSON Schema (draft 2020-12) of a JSON document that warmbake writes or reads, for editors and for programs that read it. Without a name, list the documents.',
  options: [],
  examples: [
    'warmbake schema',
    'warmbake schema plan > plan.schema.json',
    'warmbake schema config > warmbake.schema.json',
  ],
  changesShared: never,
  run,
};

async function run(_: Host, { args: [name] }: Input): Promise<CommandOutcome> {
  if (name === undefined) {
    const documents = DOCUMENTS.map(({ name: document, version, from }) => ({
      name: document,
      version,
      from,
    }));
    const rows = documents.map(({ name: document, version, from }) => [document, String(version), from]);
    return {
      json: { documents },
      page: [tablePart(['DOCUMENT', 'VERSION', 'FROM'], rows)],
    };
  }
  const document = DOCUMENTS.find((known) => known.name === name);
  if (document === undefined) throw unknown(name);
  const schema = await schemaOf(document);
  return { json: { document: name, version: document.version, schema }, text: schemaText(schema) };
}

function unknown(name: string): WarmbakeError {
  const names = DOCUMENTS.map((document) => document.name);
  return new WarmbakeError('usage', 'document-unknown', `'${name}' is not a document of warmbake`, {
    hint: `write one of ${names.join(', ')}`,
  });
}
