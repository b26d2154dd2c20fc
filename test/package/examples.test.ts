import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { pluginSchema } from './buildkite-plugin.ts';
import { buildkitePipeline } from './buildkite-pipeline.ts';
import { documentedFile, documentedJson } from './documented-file.ts';
import { filledIn, readAction } from './github-action.ts';
import { UNHEARD, githubParser } from './github-parser.ts';

const { parseWorkflow, convertWorkflowTemplate } = await githubParser();
const workflow = await documentedFile('.github/workflows/image.yml');

/** What GitHub's own parser has against a workflow. */
async function workflowErrors(content: string): Promise<readonly string[]> {
  const { context, value } = parseWorkflow({ name: 'image.yml', content }, UNHEARD);
  const found = context.errors.getErrors().map(({ message }) => message);
  if (value === undefined || found.length > 0) return found;
  const { errors = [] } = await convertWorkflowTemplate(context, value);
  return errors.map(({ Message }) => Message);
}

describe('the workflow of docs/ci.md', () => {
  const step = z.object({
    uses: z.string().optional(),
    if: z.string().optional(),
    with: z.record(z.string(), z.union([z.string(), z.boolean()])).optional(),
  });
  const { jobs } = z
    .object({
      jobs: z.object({
        image: z.object({ env: z.object({ WARMBAKE_CI: z.string() }), steps: z.array(step) }),
      }),
    })
    .parse(parse(workflow));
  const stepOf = (action: string) => jobs.image.steps.find(({ uses }) => uses?.startsWith(`${action}@`));

  it("is valid by GitHub's own parser", async () => {
    expect(await workflowErrors(workflow)).toEqual([]);
  });

  it.each([
    ['runs-on:', 'run-on:'],
    ['id-token: write', 'id-token: read'],
    ['steps.warmbake.outputs.image', 'step.warmbake.outputs.image'],
    ['branches: [main]', 'branch: [main]'],
  ])('would not be with %j as %j', async (right, wrong) => {
    expect(await workflowErrors(workflow.replace(right, wrong))).not.toEqual([]);
  });

  it('gives the action no input that it has not', async () => {
    const { inputs } = await readAction();
    const given = Object.keys(stepOf('acme/warmbake-action')?.with ?? {});
    expect(given.filter((name) => inputs[name] === undefined)).toEqual([]);
    expect(given).toContain('config');
  });

  const proposal = (repo: string | null) => ({
    event_name: 'pull_request',
    event: { pull_request: { head: { repo: repo === null ? null : { full_name: repo } } } },
  });
  it.each([
    ['a push to main', { event_name: 'push', event: {} }, 'github', 'trusted'],
    ['a pull request', proposal('acme/app'), 'github', 'untrusted'],
    ['a merge group', { event_name: 'merge_group', event: {} }, 'github', 'untrusted'],
    ["a fork's pull request", proposal('someone/app'), 'local', undefined],
    ['a pull request whose fork is gone', proposal(null), 'local', undefined],
  ])('%s: WARMBAKE_CI and role', (_, of, ci, role) => {
    const github = { repository: 'acme/app', ...of };
    const contexts = { github };
    const value = filledIn(jobs.image.env.WARMBAKE_CI, contexts);
    expect(value).toBe(ci);
    const credentials = stepOf('aws-actions/configure-aws-credentials');
    const taken = filledIn(`\${{ ${credentials?.if} }}`, { env: { WARMBAKE_CI: value } }) === 'true';
    const arn = filledIn(String(credentials?.with?.['role-to-assume']), contexts);
    expect(taken ? arn : undefined).toBe(
      role === undefined ? undefined : `arn:aws:iam::123456789012:role/image-${role}`,
    );
  });

  it("gives the trusted role to main's own workflows alone", async () => {
    const condition = z.object({ StringEquals: z.record(z.string(), z.string()) });
    const policy = z.object({ Statement: z.tuple([z.object({ Condition: condition })]) });
    const [only] = (await documentedJson()).map(
      (one) => policy.parse(one).Statement[0].Condition.StringEquals,
    );
    expect(only).toEqual({
      'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
      'token.actions.githubusercontent.com:sub': 'repo:acme/app:ref:refs/heads/main',
    });
  });
});

describe('the pipeline of docs/ci.md', async () => {
  const { steps } = buildkitePipeline.parse(parse(await documentedFile('.buildkite/pipeline.yml')));
  const schema = await pluginSchema();

  it.each(steps)('step $key gives the plugin what it takes', ({ plugins: [plugin] }) => {
    expect(Object.keys(plugin)).toEqual(['acme/warmbake#v0.1.0']);
    expect(Object.values(plugin).map((parameters) => schema.safeParse(parameters).success)).toEqual([true]);
  });

  it('each build runs one of the steps, on its own queue', () => {
    const opposite = (condition = ''): string =>
      condition
        .replaceAll(' == ', ' ? ')
        .replaceAll(' != ', ' == ')
        .replaceAll(' ? ', ' != ')
        .replaceAll('&&', '||');
    expect(opposite(steps[0]?.if)).toBe(steps[1]?.if);
    expect(steps.map(({ agents }) => agents.queue)).toEqual(['image-trusted', 'image-untrusted']);
    expect(new Set(steps.map(({ key }) => key)).size).toBe(steps.length);
  });
});
