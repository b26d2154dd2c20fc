import { renameSync, symlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { PROJECT_FILES } from '../../parts/ci-job/checkout.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { pullRequest } from '../../parts/ci-job/variables.ts';
import { startFaults } from '../../parts/faults.ts';
import { test } from '../tiers/real.ts';
import { tagsOf } from './registry-content.ts';

const PRIVATE = 'machine-private-51ab';
const DOCKERFILE = 'FROM scratch AS app\nCOPY . /\nCOPY --from=more . /more\n';
const HCL = `target "app" {
  context = "sub"
  contexts = { more = "more" }
  secret = ["id=x,src=token"]
}
`;

test.for([
  ['the context', 'sub', '', /context: .*outside is outside of/],
  ['a named context', 'more', '', /contexts: .*outside is outside of/],
  ['a secret', 'token', 'file', /secret: .*outside\/file is outside of/],
  ['the Dockerfile', 'sub/Dockerfile', 'Dockerfile', /dockerfile: .*outside\/Dockerfile is outside of/],
  ['.env', '.env', 'file', /the bake file '\.env' is a link out of/],
] as const)(
  'what becomes a link out of the checkout after it was judged is not baked: %s',
  async ([, name, file, message], { engine, registry, onTestFinished }) => {
    const front = await startFaults(registry.host);
    onTestFinished(front.stop);
    await using agent = await makeAgent(engine.env, { images: front.host });
    const { checkout, repositories } = agent;
    const outside = path.join(checkout.directory, 'outside');
    await mkdir(outside);
    await writeFile(path.join(outside, 'file'), PRIVATE);
    await writeFile(path.join(outside, 'Dockerfile'), DOCKERFILE);
    await checkout.commit({
      'docker-bake.hcl': PROJECT_FILES['docker-bake.hcl'] + HCL,
      'sub/Dockerfile': DOCKERFILE,
      'more/x': '',
      token: '',
      '.env': '',
    });
    let swapped = false;
    // The first upload is the look at whether this build may push: after the judgement, and before bake.
    const swapAtPushCheck = (method: string): boolean => {
      if (method !== 'POST' || swapped) return false;
      const place = path.join(checkout.path, name);
      renameSync(place, `${place}.old`);
      symlinkSync(path.join(outside, file), place);
      swapped = true;
      return false;
    };
    front.set([{ on: ({ method }) => swapAtPushCheck(method), fault: { kind: 'reset' } }]);
    const ended = await agent.run(['build'], pullRequest(), { clock });
    expect(swapped).toBe(true);
    expect(ended).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(message) });
    expect(ended.stdout + ended.stderr).not.toContain(PRIVATE);
    expect(await tagsOf(registry.host, repositories.images.test)).toEqual([]);
  },
);
