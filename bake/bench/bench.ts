// `npm run bench`: what the tool itself takes around a build, and what each way of caching makes of the same builds. Real engine and registry.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { importBase } from '../../parts/base-image.ts';
import { startEngine } from '../../parts/engine.ts';
import { startRegistry } from '../../parts/registry.ts';
import { VERSION } from '../../src/platform/version.ts';
import { measureAround } from './around.ts';
import { measureCaches } from './caches.ts';
import { judgeDonors } from './donors.ts';
import { measureMinute } from './minute.ts';

const USAGE = `npm run bench -- [OPTION…]     about 20 minutes on 2 quiet cores

  --quick           one run of each way of caching, no delay: 3 minutes
  --runs N          runs of each way of caching (3)
  --only PART       'around', 'donors', 'minute' (not part of a whole run: 9 minutes), or the name of one scenario, as 'rebased on them'
`;

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (given.help) {
  console.log(USAGE);
} else if (given.only === 'donors') {
  for (const line of judgeDonors()) console.log(line);
} else {
  const scratch = await mkdtemp(path.join(tmpdir(), 'warmbake-bench-'));
  const engine = await startEngine();
  const registry = await startRegistry();
  try {
    await importBase(engine);
    const [cpu] = cpus();
    const date = new Date().toISOString().slice(0, 10);
    const { stdout: docker } = await execa('docker', ['version', '--format', '{{.Server.Version}}'], {
      env: engine.env,
    });
    const buildx = engine.buildx[0].version;
    console.log(`warmbake ${VERSION}, Node ${process.version}, Docker ${docker}, buildx ${buildx}`);
    console.log(`${cpus().length} x ${cpu?.model ?? 'unknown'}, ${date}; medians, in turns\n`);
    const { only, quick } = given;
    const runs = Number(given.runs ?? (quick ? 1 : 3));
    if (only === undefined || only === 'around') {
      for (const line of await measureAround(engine, registry, scratch)) console.log(line);
    }
    if (only === 'minute')
      for (const line of await measureMinute(engine, registry, scratch)) console.log(line);
    const isAboutCaches = only !== 'around' && only !== 'minute';
    if (isAboutCaches && !engine.owned) {
      console.log("\nways of caching: left out, an existing engine's store is not ours to empty");
    } else if (isAboutCaches) {
      const options = {
        runs,
        roundTrips: quick ? [0] : [0, 40],
        scratch,
        ...(only === undefined ? {} : { only }),
      };
      for (const line of await measureCaches(engine, registry, options)) console.log(line);
    }
  } finally {
    await registry.stop();
    await engine.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}
