import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { settingsOfText } from '../../src/config/load.ts';
import { ciStep } from '../../src/init/ci-step.ts';
import { configurationText } from '../../src/init/configuration-text.ts';
import type { Draft } from '../../src/init/draft.ts';
import { githubParser, UNHEARD } from '../package/github-parser.ts';

const DRAFT: Draft = {
  file: 'warmbake.yaml',
  repository: { value: 'github.com/acme/app', because: 'the remote origin' },
  trustedBranch: { value: 'main', because: "the remote's default branch" },
  registry: { value: 'ghcr.io/acme', because: 'tags of the bake files' },
  bakeFiles: ['docker-bake.hcl'],
  variables: [],
  targets: [{ name: 'default' }],
  targetsBecause: 'what bare bake builds',
  others: [],
  system: 'github',
  program: 'warmbake',
  schema: './.warmbake.schema.json',
};

function settingsOf(draft: Draft) {
  return settingsOfText(configurationText(draft), { file: draft.file, root: '/r' }).settings;
}

describe('the configuration', () => {
  it('names its schema in the first line, as editors look for it', () => {
    expect(configurationText(DRAFT).split('\n')[0]).toBe(
      '# yaml-language-server: $schema=./.warmbake.schema.json',
    );
    const { schema: _, ...without } = DRAFT;
    expect(configurationText(without)).not.toContain('$schema');
  });

  it('says why of every key, in lines that fit', () => {
    const lines = configurationText({
      ...DRAFT,
      variables: ['REGISTRY', 'GIT_COMMIT'],
      others: ['cross'],
    }).split('\n');
    const keys = lines.flatMap((line, i) => (/^\w+:/.test(line) ? [i] : []));
    expect(keys.map((i) => lines[i]?.split(':')[0])).toEqual([
      'repository',
      'trustedBranch',
      'images',
      'cache',
      'bake',
      'targets',
    ]);
    expect(keys.filter((i) => lines[i - 1]?.startsWith('# ') !== true)).toEqual([]);
    expect(lines.filter((line) => line.length > 110)).toEqual([]);
    expect(lines).toContain('  # variables: { GIT_COMMIT: "${commit}" }');
    expect(lines.join('\n')).toContain('there are also: cross');
  });

  it('with its example of variables uncommented is valid, too', () => {
    const text = configurationText({ ...DRAFT, variables: ['GIT_COMMIT'] });
    const set = text.replaceAll(/^ {2}# (variables|perCommit): /gm, '  $1: ');
    const { settings } = settingsOfText(set, { file: 'warmbake.yaml', root: '/r' });
    expect(settings.bake).toMatchObject({
      variables: { GIT_COMMIT: '${commit}' },
      perCommit: ['GIT_COMMIT'],
    });
  });

  it('means what was found, whatever names and reasons are', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => /^\S+$/.test(text));
    const name = fc.stringMatching(/^[A-Za-z][\w-]{0,20}$/);
    const facts = fc.record({
      branch: word,
      because: fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\r', '\u2028', '#', ':', "'", '\u0000') }),
      others: fc.array(name),
      file: fc.stringMatching(/^[ \w'"#,:{}[\]&*!|>%@`é-]{1,20}\.hcl$/),
      target: fc.constantFrom('default', 'null', 'true', 'yes', 'y', 'app', 'No', 'e1'),
    });
    fc.assert(
      fc.property(facts, ({ branch, because, others, file, target }) => {
        fc.pre(!file.startsWith('-'));
        const settings = settingsOf({
          ...DRAFT,
          trustedBranch: { value: branch, because },
          registry: { ...DRAFT.registry, because },
          bakeFiles: [file],
          targets: [{ name: target }],
          targetsBecause: because,
          others,
          variables: others,
        });
        expect(settings).toMatchObject({
          trustedBranch: branch,
          repository: 'github.com/acme/app',
          bake: { files: [file] },
        });
        expect(settings.targets.map((one) => one.name)).toEqual([target]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the step', () => {
  const { targets } = settingsOf(DRAFT);
  const step = (change: Partial<Draft>) => ciStep({ ...DRAFT, ...change }, targets);
  const document = (change: Partial<Draft>) => parse(step(change).text);

  it('of GitHub names the configuration and whose it is, and lets nobody but people of the repository push', () => {
    expect(step({}).file).toBe('.github/workflows/warmbake.yml');
    expect(document({})).toMatchObject({
      on: { push: { branches: ['main'] }, pull_request: {}, merge_group: {} },
      permissions: { contents: 'read', packages: 'write' },
      jobs: {
        'image-build': {
          env: {
            WARMBAKE_CONFIG: 'warmbake.yaml',
            WARMBAKE_CONFIG_FROM: 'merge-base:main',
            WARMBAKE_CI: expect.stringMatching(/head\.repo\.full_name != github\.repository && 'local'/),
          },
        },
      },
    });
    expect(document({})['on']).not.toHaveProperty('pull_request_target');
    expect(document({})['jobs']['image-build'].steps[0].with).toEqual({ 'persist-credentials': false });
  });

  it.each(['ghcr.io/acme', '123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'r.example.com'])(
    "of GitHub is valid by GitHub's own parser, with the login of %s",
    async (value) => {
      const { parseWorkflow, convertWorkflowTemplate } = await githubParser();
      const content = step({ registry: { value, because: '' } }).text;
      const { context, value: parsed } = parseWorkflow({ name: 'warmbake.yml', content }, UNHEARD);
      expect(context.errors.getErrors().map(({ message }) => message)).toEqual([]);
      if (parsed === undefined) throw new Error('no workflow');
      expect((await convertWorkflowTemplate(context, parsed)).errors ?? []).toEqual([]);
    },
  );

  it.each<[string, string, object, RegExp]>([
    [
      "GitHub's own registry with the token of the job",
      'ghcr.io/acme',
      { 'docker/login-action@v3': { registry: 'ghcr.io', password: '${{ github.token }}' } },
      /^(?!.*secrets)/,
    ],
    [
      "Amazon's with a role",
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
      { 'aws-actions/configure-aws-credentials@v6': { 'aws-region': 'eu-west-1' } },
      /WARMBAKE_TRUSTED_ROLE and WARMBAKE_UNTRUSTED_ROLE/,
    ],
    [
      'any other with secrets',
      'r.example.com/acme',
      {
        'docker/login-action@v3': { registry: 'r.example.com', password: '${{ secrets.REGISTRY_PASSWORD }}' },
      },
      /REGISTRY_PASSWORD/,
    ],
  ])('of GitHub logs in to %s', (_, value, expected, beside) => {
    const registry = { value, because: '' };
    const steps: readonly { readonly uses?: string; readonly with?: object }[] = document({ registry })[
      'jobs'
    ]['image-build'].steps;
    const uses = Object.fromEntries(
      steps.flatMap((one) => (one.uses === undefined ? [] : [[one.uses, one.with]])),
    );
    expect(uses).toMatchObject(expected);
    expect(step({ registry }).beside.join('\n')).toMatch(beside);
  });

  it('of GitLab runs for merge requests and the trusted branch, and says how it is included', () => {
    const { file, beside } = step({ system: 'gitlab' });
    expect(beside.join('\n')).toContain(`include: [{ local: ${file} }]`);
    expect(document({ system: 'gitlab', program: 'sh ci/warmbake.sh' })).toMatchObject({
      'image-build': {
        rules: [
          { if: '$CI_PIPELINE_SOURCE == "merge_request_event"' },
          { if: '$CI_COMMIT_BRANCH == "main"' },
        ],
        script: ['sh ci/warmbake.sh build'],
      },
    });
    const odd = { value: 'a"b', because: '' };
    expect(step({ system: 'gitlab', trustedBranch: odd }).text).toContain('== $CI_DEFAULT_BRANCH');
  });

  it('of Buildkite builds what the configuration names', () => {
    expect(document({ system: 'buildkite' })).toMatchObject({
      steps: [{ key: 'image-build', command: 'warmbake build default' }],
    });
  });

  it('of any other system is the variables that it has to set, and no file', () => {
    const { file, text } = step({ system: 'other' });
    expect(file).toBeUndefined();
    expect(text).toMatch(/^WARMBAKE_CI=other$/m);
    expect(text).toMatch(/^WARMBAKE_CI_REPOSITORY=https:\/\/github\.com\/acme\/app\.git$/m);
    expect(text.split('\n').at(-1)).toBe('warmbake build');
  });
});
