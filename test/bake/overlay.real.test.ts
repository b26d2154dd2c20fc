import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { requireAgreement } from '../../src/bake/agreement.ts';
import { type Targets, targetsOf } from '../../src/bake/definition.ts';
import { type BuildValues, overlayEnvironment, overlayText } from '../../src/bake/overlay.ts';
import { promisedBy } from '../../src/image-step/target-plan.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { Buildx } from '../../parts/engine.ts';
import { test } from '../tiers/real.ts';
import { settingsOf } from './small-settings.ts';

const BASE = `
variable "COMMIT" { default = "none" }
target "base" {
  dockerfile = "Dockerfile"
  args = { COMMIT = COMMIT, jobs = "4" }
  tags = ["their/own:tag"]
  output = ["type=docker"]
  cache-to = ["type=inline"]
}
`;
const VALUES: BuildValues = {
  commit: 'c'.repeat(40),
  buildNumber: '17',
  buildId: '0190-aa',
  branch: 'main',
  targets: [
    {
      name: 'app',
      cacheFrom: ['127.0.0.1:1/app/cache-main:latest', '127.0.0.1:1/app/cache-test:pr-7'],
      cacheTo: ['127.0.0.1:1/app/cache-test:abc'],
      tags: ['127.0.0.1:1/app/images-test:abc'],
    },
    { name: 'app-arm', cacheFrom: [], cacheTo: [], tags: [] },
  ],
};

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'warmbake-overlay-'));
});
afterAll(async () => await rm(directory, { recursive: true, force: true }));

/** What the real bake makes of the repository's file and the overlay. */
async function bake(
  { env }: Pick<Buildx, 'env'>,
  settings: Settings,
  options: { readonly values?: BuildValues; readonly resolved?: boolean; readonly base?: string } = {},
): Promise<{ readonly raw: unknown; readonly targets: Targets }> {
  const { values, resolved = false, base = BASE } = options;
  await writeFile(path.join(directory, 'docker-bake.hcl'), base);
  await writeFile(path.join(directory, 'ci.hcl'), overlayText(settings, resolved ? values : undefined));
  const variables = values === undefined || resolved ? {} : overlayEnvironment(values);
  const targets = settings.targets.map((t) => t.name);
  const argv = ['buildx', 'bake', '--print', '-f', 'docker-bake.hcl', '-f', 'ci.hcl', ...targets];
  const execution = { cwd: directory, env: { ...env, ...variables }, extendEnv: false };
  const raw: unknown = JSON.parse((await execa('docker', argv, execution)).stdout);
  return { raw, targets: targetsOf(raw) };
}

describe.each(['engine', 'oldBuildx'] as const)('with the buildx of %s', (which) => {
  test('bake resolves exactly what the plan says (L4)', async ({ engine, oldBuildx }) => {
    const settings = settingsOf();
    const definition = await bake({ engine, oldBuildx }[which], settings, { values: VALUES });
    const promises = settings.targets.map((t) => promisedBy(settings, t, VALUES));
    expect(() => requireAgreement(promises, definition.targets)).not.toThrow();
    expect(definition.targets.get('app')?.cacheFrom.map((e) => e['ref'])).toEqual(
      VALUES.targets[0]?.cacheFrom,
    );
    expect(definition.targets.get('app')?.args).toMatchObject({ jobs: '4' });
  });

  test('the resolved overlay needs no variables', async ({ engine, oldBuildx }) => {
    const settings = settingsOf();
    const buildx = { engine, oldBuildx }[which];
    const byVariables = await bake(buildx, settings, { values: VALUES });
    const byDefaults = await bake(buildx, settings, { values: VALUES, resolved: true });
    expect(byDefaults.raw).toEqual(byVariables.raw);
  });

  test('without variables nothing is imported, exported, pushed or annotated', async ({
    engine,
    oldBuildx,
  }) => {
    const definition = await bake({ engine, oldBuildx }[which], settingsOf());
    expect(definition.targets.get('app')).toMatchObject({
      tags: [],
      cacheFrom: [],
      cacheTo: [],
      annotations: [],
      output: [{ type: 'cacheonly' }],
    });
  });

  test('any text survives as an argument', async ({ engine, oldBuildx }) => {
    const buildx = { engine, oldBuildx }[which];
    const hostile = [
      '"',
      '\\',
      '${COMMIT}',
      '%{ if true }',
      '$${x}',
      '\n',
      '\t',
      '\u0001',
      'é😀',
      '", evil = "1',
    ];
    const text = fc.array(fc.constantFrom(...hostile, 'a', ' '), { maxLength: 8 }).map((p) => p.join(''));
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        const settings = settingsOf();
        const [app, ...others] = settings.targets;
        // In a template of the configuration, `${` is written `$${`.
        const args = { V: value.replaceAll('${', () => '$${') };
        const changed = { ...settings, targets: [{ ...app!, args }, ...others] };
        const promised = promisedBy(changed, changed.targets[0]!, VALUES);
        expect(promised.args['V']).toBe(value);
        const definition = await bake(buildx, changed, { values: VALUES });
        expect(() => requireAgreement([promised], definition.targets)).not.toThrow();
      }),
      { numRuns: 12 },
    );
  });
});

test('the committed overlay is the one that the example generates', async () => {
  const root = path.join(import.meta.dirname, '../..');
  const settings = settingsOf(await readFile(path.join(root, 'bake/vllm.warmbake.yaml'), 'utf8'));
  expect(await readFile(path.join(root, 'bake/ci.hcl'), 'utf8')).toBe(overlayText(settings));
});
