import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeKey, probeVerdict } from '../../../src/ami/rollout/probe-answer.ts';
import { sendProbe } from '../../../src/ami/buildkite/probe-job.ts';
import { setMetaData } from '../../../src/ci/report/meta-data.ts';
import { type FixtureHost, openHost } from '../../registry/fixture-host.ts';
import { FakeAccount } from '../fake/account.ts';
import { addImage, addStack } from '../fake/furnish.ts';

/** `buildkite-agent` as far as it is called: meta-data are files, uploads and cancellations are kept. */
const AGENT = `#!/bin/sh
cd "$STORE" || exit 1
[ -e broken ] && { echo "agent: no connection" >&2; exit 1; }
case "$1 $2" in
  'meta-data set') cat > "$3" ;;
  'meta-data get') cat "$3" 2>/dev/null; true ;;
  'pipeline upload') { cat; echo; } >> uploads ;;
  'step cancel') echo "$4" >> cancelled ;;
  *) echo "what is $*?" >&2; exit 2 ;;
esac
`;

let host: FixtureHost;
let store: string;

beforeEach(async () => {
  const opened = await openHost();
  store = join(opened.home, 'store');
  await mkdir(store);
  const agent = join(opened.home, 'buildkite-agent');
  await writeFile(agent, AGENT);
  await chmod(agent, 0o755);
  const env = {
    ...opened.env,
    BUILDKITE: 'true',
    STORE: store,
    PATH: `${opened.home}:${opened.env['PATH']}`,
  };
  host = { ...opened, env };
});
afterEach(async () => await host[Symbol.asyncDispose]());

async function send() {
  const fake = new FakeAccount();
  const { id: image } = addImage(fake);
  addStack(fake, 'canary', { image, parameters: { BuildkiteQueue: 'premerge' } });
  const command = `warmbake ami probe ${image} --family cpu`;
  const sent = await sendProbe(fake.ports, host, {
    image,
    stack: 'canary',
    command,
    config: 'ci/warmbake.yaml',
  });
  return { sent, image };
}

async function uploads(): Promise<readonly unknown[]> {
  const lines = (await readFile(join(store, 'uploads'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

describe('a probe job', () => {
  test("goes to the canary's queue and to an instance of the candidate only", async () => {
    const { image } = await send();
    expect(await uploads()).toEqual([
      {
        steps: [
          expect.objectContaining({
            key: `warmbake-probe-${image}`,
            command: `warmbake ami probe ${image} --family cpu`,
            agents: { queue: 'premerge', 'aws:ami-id': image },
            env: { WARMBAKE_CONFIG: 'ci/warmbake.yaml' },
          }),
        ],
      },
    ]);
  });

  test('says nothing until it has run, and then what it found', async () => {
    const { sent, image } = await send();
    expect(await sent.answer()).toBeUndefined();
    await setMetaData(
      host,
      probeKey(image),
      JSON.stringify({ outcome: 'cold', because: '3 steps were executed' }),
    );
    expect(await sent.answer()).toEqual({ verdict: 'image-fault', because: '3 steps were executed' });
  });

  test('is sent once, also when the job that sent it was lost and starts again', async () => {
    await send();
    await send();
    expect(await uploads()).toHaveLength(1);
  });

  test('is taken back where nobody waits for it any more', async () => {
    const { sent, image } = await send();
    await sent.cancel();
    expect(await readFile(join(store, 'cancelled'), 'utf8')).toBe(`warmbake-probe-${image}\n`);
  });

  test('that cannot be sent says why', async () => {
    await writeFile(join(store, 'broken'), '');
    await expect(send()).rejects.toMatchObject({
      kind: 'outside',
      message: expect.stringContaining('no connection'),
    });
  });
});

test.each([
  ['', undefined],
  [
    '{"outcome":"warm","because":"22 steps loaded in 4 s"}',
    { verdict: 'proven', because: '22 steps loaded in 4 s' },
  ],
  [
    '{"outcome":"warm","because":"so","measured":{"firstBuild":4,"readable":43}}',
    { verdict: 'proven', because: 'so', measured: { firstBuild: 4, readable: 43 } },
  ],
  ['{"outcome":"unknown","because":"no registry"}', { verdict: 'undecided', because: 'no registry' }],
  ['hello', { verdict: 'undecided', because: "the probe's answer cannot be read: 'hello'" }],
])('the answer %j', (text, verdict) => {
  expect(probeVerdict(text)).toEqual(verdict);
});
