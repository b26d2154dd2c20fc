import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { playAgent } from '../../parts/agent.ts';
import { BASE_IMAGE, importBase } from '../../parts/base-image.ts';
import { type Engine, startEngine } from '../../parts/engine.ts';
import { PartMissing } from '../../parts/part.ts';
import { startRegistry, type Registry } from '../../parts/registry.ts';
import { playBuilds, type Stage } from './builds.ts';
import { makeCheckout } from './checkout.ts';
import { playMachineImages } from './machine-image.ts';

/** The image that the project starts from, where every engine can pull it. */
async function pushBase(engine: Engine, registry: Registry): Promise<void> {
  const name = `${registry.host}/demo/base:1`;
  const options = { env: engine.env, extendEnv: false };
  await importBase(engine);
  await execa('docker', ['tag', BASE_IMAGE, name], options);
  await execa('docker', ['push', '--quiet', name], options);
}

async function playMachineImagesIfPossible(stage: Stage, registry: Registry): Promise<void> {
  try {
    await playMachineImages(stage, registry);
  } catch (error) {
    if (!(error instanceof PartMissing)) throw error;
    console.log(`##### The daily machine image\n\nis left out here: ${error.message}\n`);
  }
}

async function demo(): Promise<void> {
  const cleanup: (() => Promise<void>)[] = [];
  try {
    const engine = await startEngine();
    cleanup.push(engine.stop);
    const registry = await startRegistry();
    cleanup.push(registry.stop);
    await pushBase(engine, registry);
    const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-demo-'));
    cleanup.push(async () => await rm(directory, { recursive: true, force: true }));
    const checkout = await makeCheckout(directory, registry.host);
    const agent = playAgent(path.join(directory, 'buildkite'), engine.env['PATH'] ?? '');
    const stage = { engine, checkout, agent, directory };
    await playBuilds(stage);
    await playMachineImagesIfPossible(stage, registry);
  } finally {
    for (const stop of cleanup.toReversed()) await stop();
  }
}

try {
  await demo();
} catch (error) {
  if (!(error instanceof PartMissing)) throw error;
  console.error(`the demo needs a real Docker Engine and registry; ${error.message}`);
  process.exitCode = 1;
}
