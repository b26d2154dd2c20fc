import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finishCommand } from '../../../src/ami/rollout/finish-command.ts';
import { RUN_JOBS } from '../../../src/state/journal-schema.ts';
import { FAMILY } from '../family.ts';

const image = 'ami-00000000000000002';

test.each([
  [{ job: 'rebuild', image }, `warmbake ami rebuild --image ${image} --family cpu`],
  [{ job: 'canary', image }, `warmbake ami canary ${image} --family cpu`],
  [{ job: 'publish', image }, `warmbake ami publish ${image} --family cpu`],
  [{ job: 'roll', image, stacks: ['main'] }, `warmbake ami roll --image ${image} --stack main --family cpu`],
  [{ job: 'clean' }, 'warmbake ami clean --family cpu'],
  [{ job: 'rollback', image }, `warmbake ami rollback --to ${image} --reason … --family cpu`],
  [{ job: 'roll', image, stacks: ['main; curl evil'] }, undefined],
  [{ job: 'publish', image: '$(curl evil)' }, undefined],
  [{ job: 'publish' }, undefined],
] as const)('%j is finished by: %s', (run, command) => {
  expect(finishCommand(FAMILY, run)).toBe(command);
});

test('no text of a journal becomes part of a command: only its own words, ids of images and configured stacks', () => {
  const words = new Set<string>(['warmbake', 'ami', 'cpu', '…', ...RUN_JOBS, ...FAMILY.stacks]);
  const text = fc.oneof(fc.string(), fc.constantFrom(image, `${image}; x`, ...FAMILY.stacks));
  fc.assert(
    fc.property(fc.constantFrom(...RUN_JOBS), text, fc.array(text), (job, written, stacks) => {
      const command = finishCommand(FAMILY, { job, image: written, stacks }) ?? '';
      const foreign = command
        .split(' ')
        .filter((word) => !words.has(word) && !/^(?:ami-[0-9a-f]{17}|--[a-z]+|)$/.test(word));
      expect(foreign).toEqual([]);
    }),
  );
});
