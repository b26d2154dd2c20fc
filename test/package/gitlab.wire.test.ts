import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { parse } from 'yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { deliveryFiles } from '../../package/deliveries.ts';
import { launcherText } from '../../package/launcher.ts';
import { gitlabPreview } from './gitlab-preview.ts';
import { readComponent } from './gitlab-component.ts';
import { type Ran, makeDirectory, run } from './packed.ts';
import { HOSTILE, RECORDER, isThere, recordedStart } from './recorded-start.ts';

/** The machine's own warmbake is the pinned one, so that nothing is fetched. */
const sha256 = createHash('sha256').update(RECORDER).digest('hex');
const launcher = await launcherText({
  version: '1.2.0',
  sha256: { x64: sha256, arm64: sha256 },
  location: '',
});
const FILE = 'gitlab/templates/warmbake.yml';
const text = (await deliveryFiles(launcher)).find(({ name }) => name === FILE)?.text ?? '';
const component = readComponent(text);

const job = z.object({ script: z.tuple([z.string()]) });
/** The script of the one job. */
const scriptOf = (yaml: string): string =>
  z.record(z.string(), job).parse(parse(yaml))['warmbake']?.script[0] ?? '';

let directory: Awaited<ReturnType<typeof makeDirectory>>;
const at = (name: string): string => path.join(directory.path, name);
beforeAll(async () => {
  directory = await makeDirectory();
  await mkdir(at('bin'));
  await writeFile(at('bin/warmbake'), RECORDER);
  await chmod(at('bin/warmbake'), 0o755);
});
afterAll(async () => await directory.remove());
beforeEach(async () => {
  for (const name of ['record', 'checkout', 'tmp']) {
    await execa('rm', ['-rf', at(name)]);
    await mkdir(at(name));
  }
});

/** What means something to YAML or a shell. */
const MEANING = '&?*~$`"\'\\|;<>(){}[]#!\n\t'.split('');

/** And what inputs may have. */
const CHARACTERS = [...'abAZ09-_.,:/@=+% '.split(''), ...MEANING];

const CONFIG = { config: 'ci/warmbake.yaml' };

/** Runs the job's script as a runner with a POSIX shell does. */
async function runJob(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return await run(
    ['sh', '-e', '-c', scriptOf(component.filledIn(inputs))],
    {
      PATH: `${at('bin')}:${process.env['PATH'] ?? ''}`,
      HOME: at('tmp'),
      TMPDIR: at('tmp'),
      CI_PROJECT_DIR: at('checkout'),
      OWNED: at('owned'),
      RECORD: at('record'),
      ...env,
    },
    { cwd: at('checkout') },
  );
}

async function started() {
  const start = await recordedStart(at('record'));
  if (start === undefined) throw new Error('the program was not started');
  return start;
}

describe('the GitLab component', () => {
  it("is what GitLab's schema takes, with the same text in it that this test runs", async () => {
    const including = { include: [{ local: FILE, inputs: { ...CONFIG, targets: 'test-ci app' } }] };
    const { yaml, problem } = await gitlabPreview(at('project'), {
      [FILE]: text,
      '.gitlab-ci.yml': including,
    });
    expect(problem).toBe('');
    expect(parse(yaml)).toMatchObject({
      warmbake: { stage: 'build', artifacts: { when: 'always', reports: { dotenv: 'warmbake.env' } } },
    });
    expect(
      scriptOf(
        JSON.stringify({ warmbake: z.record(z.string(), z.unknown()).parse(parse(yaml))['warmbake'] }),
      ),
    ).toBe(scriptOf(component.filledIn({ ...CONFIG, targets: 'test-ci app' })));
  });

  it.each([
    ['an input with quotes', { config: "a'b" }, 'does not match required regex'],
    ['no configuration', {}, 'config'],
  ])('makes no pipeline of %s', async (_, inputs, text_) => {
    const including = { include: [{ local: FILE, inputs }] };
    const { problem } = await gitlabPreview(at('project'), { [FILE]: text, '.gitlab-ci.yml': including });
    expect(problem).toContain(text_);
  });

  it('builds with the launcher that is inside, and leaves the report', async () => {
    expect(await runJob(CONFIG)).toEqual({ exitCode: 0, out: '', err: '' });
    const { args, env } = await started();
    expect(args).toEqual(['build', '--dotenv', at('checkout/warmbake.env')]);
    expect(env['WARMBAKE_CONFIG']).toBe('ci/warmbake.yaml');
    expect(await readdir(at('tmp'))).toEqual([]);
  });

  it('runs another command, arguments and targets as they are', async () => {
    await runJob({ ...CONFIG, command: 'ami status', args: '--family cpu', targets: '--force b' });
    expect((await started()).args).toEqual(['ami', 'status', '--family', 'cpu', '--', '--force', 'b']);
  });

  it('runs no other version than the pinned one without a checksum', async () => {
    expect(await runJob({ ...CONFIG, version: '1.3.0' })).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining("WARMBAKE_VERSION is '1.3.0', which is not pinned"),
    });
    await runJob({ ...CONFIG, version: '1.3.0', sha256, location: 'https://r.example/a?b=c&d' });
    expect((await started()).env).toMatchObject({
      WARMBAKE_VERSION: '1.3.0',
      WARMBAKE_LOCATION: 'https://r.example/a?b=c&d',
    });
  });

  it.each(['build', 'plan'])('takes no report of the checkout for its own: %s', async (command) => {
    await writeFile(at('checkout/warmbake.env'), 'WARMBAKE_DIGEST=forged\n');
    await runJob({ ...CONFIG, command }, { FAKE_EXIT: '6' });
    expect(await isThere(at('checkout/warmbake.env'))).toBe(false);
  });

  it.each([0, 3, 6, 143])('ends as the program ends: %i', async (exitCode) => {
    expect((await runJob(CONFIG, { FAKE_EXIT: String(exitCode) })).exitCode).toBe(exitCode);
    expect(await readdir(at('tmp'))).toEqual([]);
  });

  it.each(Object.keys(component.inputs))('refuses every hostile text as %s', (input) => {
    // Of those two a word may be anything that means nothing to a shell: arguments are for options, and a target is never one.
    const harmless = input === 'targets' || input === 'args' ? /^[\w.,:/@=+-]+$/ : /^$/;
    const accepted = HOSTILE.filter((one) => component.refused({ ...CONFIG, [input]: one }).length === 0);
    expect(accepted.filter((one) => !harmless.test(one))).toEqual([]);
  });

  it.each(Object.keys(component.inputs))(
    'takes no character that means something to YAML or a shell as %s',
    (input) => {
      // In double quotes, where the place stands, these two mean nothing.
      const quoted = input === 'location' ? ['&', '?'] : [];
      const texts = MEANING.map((one) => `s3://a${one}b`.slice(input === 'location' ? 0 : 5));
      const accepted = texts.filter((one) => component.refused({ ...CONFIG, [input]: one }).length === 0);
      expect(accepted).toEqual(quoted.map((one) => `s3://a${one}b`));
    },
  );

  it('whatever its inputs may be, they are words to the program and nothing else', async () => {
    const character = fc.constantFrom(...CHARACTERS);
    const word = fc.string({ unit: character, maxLength: 12 });
    const accepted = (input: string, texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
      texts.filter((one) => component.refused({ ...CONFIG, [input]: one }).length === 0);
    const inputs = fc.record({
      config: accepted('config', word),
      targets: accepted('targets', word),
      args: accepted('args', word),
      location: accepted(
        'location',
        word.map((place) => `s3://${place}`),
      ),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async (given) => {
        const words = (line: string): readonly string[] => line.split(' ').filter((one) => one !== '');
        expect((await runJob(given)).exitCode).toBe(0);
        const { args, env } = await started();
        const targets = given.targets === '' ? [] : ['--', ...words(given.targets)];
        const dotenv = ['--dotenv', at('checkout/warmbake.env')];
        expect(args).toEqual(['build', ...words(given.args), ...dotenv, ...targets]);
        expect([env['WARMBAKE_CONFIG'], env['WARMBAKE_LOCATION']]).toEqual([given.config, given.location]);
        expect(await readdir(at('checkout'))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});
