import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bakeStages } from '../../src/ami/warm-bake.ts';
import { WARM_TARGET } from '../../src/ami/warm-definition.ts';
import { writeWarmPlan } from '../../src/ami/warm-plan.ts';
import { fillStore } from '../../src/ami/warm-store.ts';
import { storeBytes } from '../../src/ami/store-bytes.ts';
import { openHost } from '../image/fixture-host.ts';
import { startBridge } from '../parts/bridge.ts';
import { test } from '../tiers/real.ts';
import { startFreshEngine } from './fresh-engine.ts';
import { buildProject, TARGET } from './zz-measure-project.ts';
test('measure', async ({ engine, registry }) => {
  const { source, config, cache } = await buildProject(engine, registry, 'ami-measure');
  for (const kind of ['collect', 'tar', 'cacheonly']) {
    const fresh = await startFreshEngine();
    const host = await openHost({ env: fresh.env });
    const bridge = await startBridge(fresh);
    const plan = await writeWarmPlan({ config, target: TARGET, source, cacheFrom: [cache], directory: join(host.scratch, 'warm') });
    const options = { docker: { env: fresh.env }, longestStepMs: 60000, minimumBytes: 1, plan };
    const env = { ...fresh.env, BUILDX_CONFIG: join(host.scratch, 'warm-buildx') };
    const t = Date.now();
    const uses = [];
    const definition = JSON.parse(await readFile(plan.filling, 'utf8'));
    if (kind === 'collect') uses.push((await fillStore(host, { address: bridge.address }, options)).use);
    else for (const [i, stage] of (kind === 'tar' ? plan.stages : ['test']).entries()) {
      const file = join(host.scratch, `x${i}.json`);
      await writeFile(file, JSON.stringify({ target: { [WARM_TARGET]: { ...definition.target[WARM_TARGET], target: stage, output: [kind === 'tar' ? 'type=tar,dest=/dev/null' : 'type=cacheonly'] } } }));
      if (i === 0) uses.push((await fillStore(host, { address: bridge.address }, { ...options, plan: { ...plan, filling: file } })).use);
      else uses.push((await bakeStages(host, { file, builder: 'warmbake-warm', env, cwd: source }, options)).use);
    }
    const fill = (Date.now() - t) / 1000;
    await fresh.restart();
    const bytes = await storeBytes(host, { builder: 'warmbake-warm', env });
    const t2 = Date.now();
    const { use } = await bakeStages(host, { file: plan.proving, builder: 'warmbake-warm', env, cwd: source }, options);
    console.log(kind, { fill, bytes, proof: (Date.now() - t2) / 1000, executed: use.executed, loaded: use.loaded, pulled: use.pulledLayers });
    await bridge.stop(); await fresh.stop();
  }
}, 400_000);
