import { describe, expect, it } from 'vitest';
import { findParts } from '../../parts/find.ts';
import { need } from '../../parts/part.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';
import type { PlanDocument } from '../../src/image-step/plan-schema.ts';
import { ELSEWHERE, LAYERED, RUNTIMES, SHOP, type Shape, SUITE, TOOL } from '../image-step/shapes.ts';
import { orSkip } from '../tiers/or-skip.ts';
import { makeProject } from './project.ts';

const CI = { '.github/workflows/test.yml': 'on: push\n' };

/** What is written for each, and the targets that a plan has then. */
const SHAPES: readonly (readonly [string, Shape, string, readonly string[]])[] = [
  ['a tool', TOOL, 'default', ['program']],
  ['a suite', SUITE, 'default', ['store', 'search', 'edge']],
  ['a shop', SHOP, 'default', ['api', 'web']],
  ['runtimes', RUNTIMES, 'runtimes', ['runtime-1-0', 'runtime-1-9', 'runtime-2-1']],
  ['what lies elsewhere', ELSEWHERE, 'remote, described', ['remote', 'described']],
  ['several files', LAYERED, 'everything', ['plain', 'named']],
];

describe.each(['buildx', 'oldBuildx'] as const)('with the %s of the parts', (which) => {
  it.each(SHAPES)('%s is planned untouched', async (_, shape, targets, members) => {
    expect.hasAssertions();
    const { plugin } = await orSkip(
      findParts(process.env).then((parts) => need('buildx', parts[which])),
      (because) => {
        throw new Error(because);
      },
    );
    await using project = await makeProject({ files: { ...shape.files, ...CI }, plugin });
    const written = requireSuccess(await project.run(['init', '--yes', '--json']));
    console.log(written.stderr);
    expect(JSON.parse(written.stdout)).toMatchObject({
      bakeFiles: shape.bakeFiles,
      ci: 'github',
    });
    console.log(await project.read('warmbake.yaml'));
    const planned = requireSuccess(await project.run(['plan', '--offline', '--json']));
    const plan = (await conforming('plan', planned.stdout)) as PlanDocument;
    expect(plan.targets.map(({ name }) => name)).toEqual(members);
    expect(plan.warnings).toEqual([]);
    expect(targets).toBeDefined();
  });
});
