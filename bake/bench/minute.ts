import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import type { Engine } from '../../parts/engine.ts';
import type { Registry } from '../../parts/registry.ts';
import { tableLines } from '../../src/cli/table.ts';
import { makeJob } from './job.ts';
import { inTurns, type Subject } from './measure.ts';

/** Waiting in place of work: what else the machine does falls on neither side. */
const DOCKERFILE = `FROM ${BASE_IMAGE} AS app
COPY source.txt /source.txt
RUN sleep 20 && cp /source.txt /one
RUN sleep 20 && cp /source.txt /two
RUN sleep 20 && cp /source.txt /three
`;

/** The source is another one in each build, so that all steps run. */
const anew = ({ argv, ...rest }: Subject): Subject => ({
  ...rest,
  argv: ['bash', '-c', 'date +%s%N > source.txt; exec "$@"', 'bash', ...argv],
});

/** A build of which every step runs, a minute together, beside one call of bake with the same definition; the lines of a table. */
export async function measureMinute(
  engine: Engine,
  registry: Registry,
  scratch: string,
): Promise<readonly string[]> {
  await using job = await makeJob(engine, registry);
  await writeFile(path.join(job.build.cwd, 'Dockerfile'), DOCKERFILE);
  const [ours, bare] = await inTurns([anew(job.build), anew(job.bareBake)], { rounds: 3, scratch });
  if (ours === undefined || bare === undefined) return [];
  const row = [ours.wall.toFixed(1), bare.wall.toFixed(1), (ours.wall / bare.wall).toFixed(3)];
  return tableLines(['build of a minute, seconds', 'docker buildx bake', 'ratio'], [row]);
}
