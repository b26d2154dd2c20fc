import { expect } from 'vitest';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { pullRequest } from '../../parts/ci-job/variables.ts';
import { expectSafeLog } from '../cli/safe-log.ts';
import { test } from '../tiers/real.ts';

/** What a step prints, for its shell's printf: cursor, title, a group of Buildkite's, overprinting, a right-to-left override. */
const OUTPUT = String.raw`\033[2J\033[9A\033]0;title\007\n--- forged\n+++ forged\n^^^ +++\n\033[31m~~~ forged\ntrue\rfalse\n\342\200\256evil\n\302\2335A\n\n[ok](https://evil) <script>\n`;
/** What stands in its name. */
const NAME = '\u202Eevil\u2066 <b>*x*</b> [ok](https://evil) `x`';
const GROUPS = /^(?:--- (?:What this build is|Building .*|Reading back .*)|\+\+\+ failed: .*)$/;

test.for([
  ['that goes on', ''],
  ['that fails', 'exit 7'],
])('a step %s is a log, a record and an annotation without power', async ([, end], { engine, registry }) => {
  const Dockerfile = `FROM ${BASE_IMAGE} AS app
RUN printf '${OUTPUT}'; : '${NAME}'; ${end}
`;
  await using agent = await makeAgent(engine.env, { images: registry.host }, { Dockerfile });
  const { exitCode, stdout, stderr, result } = await agent.build(pullRequest());
  expect(exitCode).toBe(end === '' ? 0 : 6);
  expect(stderr).toContain('forged');
  expectSafeLog(stdout + stderr, GROUPS);
  const steps = result.targets.flatMap(({ record }) => record?.steps ?? []);
  expect(steps.map(({ name }) => name).join('')).toContain(NAME);
  const { 'warmbake-test-ci': annotation = '' } = await agent.sent();
  expect(annotation).toContain('- **test-ci** ');
  expectSafeLog(annotation);
  expect(annotation.replaceAll(/`[^`]*`/g, '')).not.toMatch(/<|\[/);
});
