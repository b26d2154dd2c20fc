import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findBaseImage } from '../../../src/ami/build/base-image.ts';
import { fastClock, openHost } from '../../registry/fixture-host.ts';

const TEMPLATE = 'Mappings: { AWSRegion2AMI: { us-east-1: { linuxamd64: ami-04ca34320055d861c } } }';

/** A bucket that answers with these, one after the other; the last one stays. */
async function bucket(...answers: readonly (readonly [status: number, body: string])[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const [status, body] = answers[Math.min(asked.length, answers.length - 1)]!;
    asked.push(request.url ?? '');
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  /** All of the internet is this bucket. */
  const fetchThere: typeof fetch = async (input, init) =>
    await fetch(new URL(new URL(input instanceof Request ? input.url : input).pathname, origin), init);
  return { asked, origin, fetch: fetchThere, [Symbol.asyncDispose]: async () => void server.close() };
}

const family = (baseStack: string) => ({ baseStack, region: 'us-east-1' });

test('B-25: a version, written in one place, is fetched once and then read from the cache, with or without a v', async () => {
  await using there = await bucket([200, TEMPLATE]);
  await using host = await openHost();
  const asking = { ...host, fetch: there.fetch };
  for (const version of ['6.21.0', 'v6.21.0', '6.21.0']) {
    expect((await findBaseImage(asking, family(version))).image).toBe('ami-04ca34320055d861c');
  }
  expect(there.asked).toEqual(['/buildkite-aws-stack/v6.21.0/aws-stack.yml']);
  const kept = path.join(host.home, '.cache', 'warmbake', 'elastic-ci-stack');
  expect(await readdir(kept)).toEqual(['6.21.0.yml']);

  await writeFile(path.join(kept, '6.21.0.yml'), 'half a fi');
  expect((await findBaseImage(asking, family('6.21.0'))).image).toBe('ami-04ca34320055d861c');
  expect(there.asked).toHaveLength(2);
});

test('a template without image is refused, and not kept', async () => {
  await using there = await bucket([200, 'Mappings: {}']);
  await using host = await openHost();
  await expect(findBaseImage({ ...host, fetch: there.fetch }, family('6.21.0'))).rejects.toMatchObject({
    kind: 'config',
    message:
      "the template of the Elastic CI stack '6.21.0' gives no base image: it has no Mappings.AWSRegion2AMI",
  });
  expect(await readdir(host.home)).toEqual([]);
});

test('503 is asked again', async () => {
  await using there = await bucket([503, ''], [200, TEMPLATE]);
  await using host = await openHost({ clock: fastClock() });
  await findBaseImage({ ...host, fetch: there.fetch }, family('6.21.0'));
  expect(there.asked).toHaveLength(2);
});

test.each([
  ['a version that does not exist is asked for once', 403, 1],
  ['a bucket that stays down is given up', 500, 3],
])('%s', async (_, status, times) => {
  await using there = await bucket([status, '']);
  await using host = await openHost({ clock: fastClock() });
  const found = findBaseImage({ ...host, fetch: there.fetch }, family('6.21.0'));
  await expect(found).rejects.toThrow(/^cannot fetch https:.*: HTTP (403|500)$/);
  expect(there.asked).toHaveLength(times);
});

test('an address and a file do as well; they are not kept', async () => {
  await using there = await bucket([200, TEMPLATE]);
  await using host = await openHost();
  const file = path.join(host.home, 'stack.yml');
  await writeFile(file, TEMPLATE);
  for (const baseStack of [`${there.origin}/mine.yml`, file, './stack.yml']) {
    expect((await findBaseImage(host, family(baseStack))).stack).toBe(baseStack);
  }
  await expect(findBaseImage(host, family('./none.yml'))).rejects.toMatchObject({ code: 'no-base-template' });
  await expect(findBaseImage(host, family('latest'))).rejects.toThrow(
    "'latest' is not a version of the Elastic CI stack",
  );
});
