import { describe, expect, it } from 'vitest';
import { conforming } from '../../parts/ci-job/conforming.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { findParts } from '../../parts/find.ts';
import { need } from '../../parts/part.ts';
import type { PlanDocument } from '../../src/image-step/plan-schema.ts';
import { ELSEWHERE, LAYERED, RUNTIMES, SHOP, type Shape, SUITE, TOOL } from '../image-step/shapes.ts';
import { orSkip } from '../tiers/or-skip.ts';
import { makeProject, type Project } from './project.ts';

/** Each shape, what init writes of it, and the targets that a plan has then. */
const SHAPES: readonly (readonly [string, Shape, object, readonly string[]])[] = [
  ['a tool', TOOL, { targets: [{ name: 'default' }], registry: 'ghcr.io/acme' }, ['program']],
  ['a suite', SUITE, { targets: [{ name: 'default' }] }, ['store', 'search', 'edge']],
  ['a shop', SHOP, { targets: [{ name: 'default' }], registry: 'registry.invalid/shop' }, ['api', 'web']],
  ['runtimes', RUNTIMES, { targets: [{ name: 'runtimes' }] }, ['runtime-1-0', 'runtime-1-9', 'runtime-2-1']],
  [
    'what lies elsewhere',
    ELSEWHERE,
    {
      targets: [
        { name: 'remote', lane: 'remote' },
        { name: 'described', lane: 'described' },
      ],
    },
    ['remote', 'described'],
  ],
  ['several files', LAYERED, { targets: [{ name: 'everything' }] }, ['plain', 'named']],
];

async function buildxOf(which: 'buildx' | 'oldBuildx', skip: (because: string) => never): Promise<string> {
  const parts = await findParts(process.env);
  return (
    await orSkip(
      Promise.resolve().then(() => need(which, parts[which])),
      skip,
    )
  ).plugin;
}

/** What a plan of the project says, nothing changed since init. */
async function planOf(project: Project): Promise<PlanDocument> {
  const planned = requireSuccess(await project.run(['plan', '--offline', '--json']));
  return (await conforming('plan', planned.stdout)) as PlanDocument;
}

describe.each(['buildx', 'oldBuildx'] as const)('with the %s of the parts', (which) => {
  it.for(SHAPES)(
    '%s is planned with what init wrote, untouched',
    async ([, shape, said, members], { skip }) => {
      const plugin = await buildxOf(which, skip);
      await using project = await makeProject({
        files: { ...shape.files, '.github/workflows/test.yml': 'on: push\n' },
        plugin,
      });
      const { stdout } = requireSuccess(await project.run(['init', '--yes', '--json']));
      await conforming('init', stdout);
      expect(JSON.parse(stdout)).toMatchObject({ ...said, bakeFiles: shape.bakeFiles, ci: 'github' });
      const plan = await planOf(project);
      expect(plan.targets.map(({ name }) => name)).toEqual(members);
      expect(plan.warnings).toEqual([]);
    },
  );
});

it.for(SHAPES)('%s is so, too, where init had no buildx to ask', async ([, shape, , members], { skip }) => {
  const plugin = await buildxOf('buildx', skip);
  await using project = await makeProject({ files: shape.files });
  const { stderr } = requireSuccess(await project.run(['init', '--yes']));
  expect(stderr).toContain('bake was not asked what the files define, their text was read');
  await project.install(plugin);
  expect((await planOf(project)).targets.map(({ name }) => name)).toEqual(members);
});
