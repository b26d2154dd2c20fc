import type * as z from 'zod';

/** A JSON document that warmbake writes or reads. */
export interface Document {
  readonly name: string;
  /** What it says of itself as `schemaVersion`, where it does. */
  readonly version: number;
  /** Who writes it. */
  readonly from: string;
  /** Loads what it must look like. */
  readonly schema: () => Promise<z.ZodType>;
}

/** Name of the configuration's schema beside the packaged program. */
export const PACKAGED_SCHEMA = 'warmbake.schema.json';

/** Every document with a schema, in the order of docs/machine-interface.md. */
export const DOCUMENTS: readonly Document[] = [
  {
    name: 'config',
    version: 1,
    from: 'warmbake.yaml, as people write it',
    schema: async () => (await import('../config/schema.ts')).configuration,
  },
  {
    name: 'plan',
    version: 1,
    from: 'warmbake plan --json',
    schema: async () => (await import('../image-step/plan-schema.ts')).planSchema,
  },
  {
    name: 'explanation',
    version: 1,
    from: 'warmbake build --explain-context --json',
    schema: async () => (await import('../image-step/plan-schema.ts')).explanationSchema,
  },
  {
    name: 'doctor',
    version: 1,
    from: 'warmbake doctor --json',
    schema: async () => (await import('../doctor/doctor-schema.ts')).doctorSchema,
  },
  {
    name: 'result',
    version: 1,
    from: 'warmbake build --result FILE, and --json',
    schema: async () => (await import('../image-step/result-schema.ts')).resultSchema,
  },
  {
    name: 'record',
    version: 1,
    from: 'builds/trusted/ and builds/untrusted/ in the state store',
    schema: async () => (await import('../image-step/result-schema.ts')).recordSchema,
  },
  {
    name: 'status',
    version: 1,
    from: 'warmbake ami status --json',
    schema: async () => (await import('../ami/status/status-schema.ts')).amiStatusSchema,
  },
  {
    name: 'list',
    version: 1,
    from: 'warmbake ami list --json',
    schema: async () => (await import('../ami/status/status-schema.ts')).listSchema,
  },
  {
    name: 'history',
    version: 1,
    from: 'warmbake ami history --json',
    schema: async () => (await import('../ami/status/history-schema.ts')).historySchema,
  },
  {
    name: 'publish',
    version: 1,
    from: 'warmbake ami publish --json',
    schema: async () => (await import('../ami/status/operation-schema.ts')).publishSchema,
  },
  {
    name: 'roll',
    version: 1,
    from: 'warmbake ami roll --json',
    schema: async () => (await import('../ami/rollout/stack-schema.ts')).rollSchema,
  },
  {
    name: 'rollback',
    version: 1,
    from: 'warmbake ami rollback --json',
    schema: async () => (await import('../ami/status/operation-schema.ts')).rollbackSchema,
  },
  {
    name: 'watch',
    version: 1,
    from: 'warmbake ami watch --json, a line each',
    schema: async () => (await import('../ami/status/watch-schema.ts')).watchSchema,
  },
  {
    name: 'clean',
    version: 1,
    from: 'warmbake ami clean --json',
    schema: async () => (await import('../ami/retention/clean-schema.ts')).cleanSchema,
  },
  {
    name: 'hold',
    version: 1,
    from: "the value of the hold's parameter, <parameter>/hold",
    schema: async () => (await import('../ami/model/hold-schema.ts')).holdSchema,
  },
  {
    name: 'lock',
    version: 1,
    from: 'the lock of a family in the state store',
    schema: async () => (await import('../state/lock-schema.ts')).lockSchema,
  },
  {
    name: 'journal',
    version: 1,
    from: 'one run in the journal of the state store',
    schema: async () => (await import('../state/journal-schema.ts')).runSchema,
  },
  {
    name: 'init',
    version: 1,
    from: 'warmbake init --json',
    schema: async () => (await import('../init/document-schema.ts')).initSchema,
  },
];

/** The JSON Schema (draft 2020-12) of a document. */
export async function schemaOf({ name, version, schema }: Document): Promise<object> {
  const { toJSONSchema } = await import('zod');
  // As it is written: times are text, and what has a default may be left out.
  const printed = toJSONSchema(await schema(), { io: 'input', target: 'draft-2020-12' });
  const { $schema, ...rest } = printed;
  return { $schema, title: `warmbake ${name}, version ${version}`, ...rest };
}

/** A schema as a file has it. */
export function schemaText(schema: object): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** The schema of `warmbake.yaml`, for editors: `warmbake schema config`. */
export async function configurationSchema(): Promise<string> {
  const config = DOCUMENTS.find(({ name }) => name === 'config');
  return config === undefined ? '' : schemaText(await schemaOf(config));
}
