import type { TestProject } from 'vitest/node';
import { BASE_IMAGE, importBase } from '../../parts/base-image.ts';
import { startEngine, type Engine } from '../../parts/engine.ts';
import { findParts } from '../../parts/find.ts';
import { here, missing, type Part, type Running } from '../../parts/part.ts';
import type { Parts } from '../../parts/parts.ts';
import { startRegistry, type Registry } from '../../parts/registry.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The engine of all real tests; it holds BASE_IMAGE. */
    engine: Part<Engine>;
    /** The registry of all real tests; use repositories named after the test file. */
    registry: Part<Registry>;
  }
}

/** Whatever does not start is a reason for skipping; `real.ts` makes it a failure where everything is asked for. */
async function orWhyNot<T>(starting: Promise<T>): Promise<Part<T>> {
  return await starting.then(
    (value) => here('this run', value),
    (error: unknown) => missing(error instanceof Error ? error.message : String(error)),
  );
}

async function startEngineWithBase(parts: Parts): Promise<Engine & Running> {
  const engine = await startEngine(parts);
  await importBase(engine, BASE_IMAGE, { parts });
  return engine;
}

/** Only data reaches the test workers. */
function asData<T>(part: Part<T>): Part<T> {
  return JSON.parse(JSON.stringify(part)) as Part<T>;
}

/** Vitest's global set-up of the `real` project: one engine and one registry for all of its files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const parts = await findParts(process.env);
  const [engine, registry] = await Promise.all([
    orWhyNot(startEngineWithBase(parts)),
    orWhyNot(startRegistry({ parts })),
  ]);
  project.provide('engine', asData(engine));
  project.provide('registry', asData(registry));

  const running: Part<Running>[] = [engine, registry];
  return async () => {
    await Promise.all(running.map(async (part) => (part.state === 'here' ? part.value.stop() : undefined)));
  };
}
