import { startEngine } from './engine.ts';
import { startRegistry } from './registry.ts';

/** Starts an engine and a registry, says where they are in one line of JSON, and waits to be killed. */
export async function hold(): Promise<void> {
  const [engine, registry] = await Promise.all([startEngine(), startRegistry()]);
  console.log(
    JSON.stringify({ dockerHost: engine.dockerHost, owned: engine.owned, registry: registry.host }),
  );
  setInterval(() => undefined, 60_000);
}
