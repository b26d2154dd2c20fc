import { expect } from 'vitest';
import { buildImage, imageOfRun } from '../../src/ami/image-build.ts';
import { planImage } from '../../src/ami/image-plan.ts';
import { test } from '../tiers/real.ts';
import { BASE_AMI, openWorkbench } from './workbench.ts';
import { BUILD } from './warm-project.ts';

test('a warm image is made, proved and tagged by a real Packer, and the machine it was made on keeps no trace', async ({
  engine,
  registry,
}) => {
  await using bench = await openWorkbench(engine, registry, 'ami-packer');
  const { host, build, project, instance } = bench;
  const plan = await planImage(host, { ...bench.planning, run: 'run-1' });
  const { image, reused, warmth } = await buildImage(host, plan, build);

  expect(reused).toBe(false);
  expect(warmth?.warmed.executed).toBe(0);
  expect(image.name).toMatch(/^app-build-\d{14}$/);
  const stored = await build.account.images.find(image.id);
  expect(stored?.tags).toMatchObject({
    'warmbake:family': 'cpu',
    'warmbake:state': 'candidate',
    'warmbake:run': 'run-1',
    'warmbake:commit': project.commit,
    'warmbake:build': BUILD.number,
    'warmbake:base': BASE_AMI,
    'warmbake:warmth': expect.stringMatching(/^executed=0 loaded=8 bytes=\d{8} seconds=\d+ /),
  });
  expect(await build.workshop.traces('cpu')).toEqual([]);

  // A rerun of the step takes what is there.
  expect(await imageOfRun(host, build, 'run-1')).toMatchObject({ reused: true, image: { id: image.id } });

  console.log((await instance.calls()).join('\n'));
  console.log(await instance.read('/etc/app-image'));
}, 300_000);
