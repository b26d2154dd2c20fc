import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { makeAgent } from '../../parts/ci-job/agent.ts';
import { clock } from '../../parts/ci-job/clock.ts';
import { pullRequest } from '../../parts/ci-job/variables.ts';
import { test } from '../tiers/real.ts';

const PRIVATE = 'machine-private-77e0';
/** A pattern and an instruction that nobody understands: errors would quote the line. */
const LINES = `[${PRIVATE}\nRUNN ${PRIVATE}\n`;

describe.each(['engine', 'oldBuildx'] as const)('with the buildx of %s', (which) => {
  test.for([
    ['.dockerignore', 0],
    ['Dockerfile.dockerignore', 0],
    ['dockerfile', 3],
  ] as const)(
    'a file that no definition names, but that is looked for beside the Dockerfile, shows no line of where it leads: %s',
    async ([name, exitCode], { engine, oldBuildx, registry }) => {
      await using agent = await makeAgent({ engine, oldBuildx }[which].env, { images: registry.host });
      const { path: top, directory } = agent.checkout;
      const outside = path.join(directory, 'outside');
      await mkdir(outside);
      await writeFile(path.join(outside, 'file'), LINES);
      // It is looked for in small letters where there is no other.
      if (name === 'dockerfile') await rename(path.join(top, 'Dockerfile'), path.join(top, 'Other'));
      await symlink(path.join(outside, 'file'), path.join(top, name));
      const ended = await agent.run(['build'], pullRequest(), { clock });
      expect(ended.exitCode).toBe(exitCode);
      expect(ended.stdout + ended.stderr).not.toContain(PRIVATE);
    },
  );
});
