import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type CiCheckout, makeCiCheckout } from './checkout.ts';
import { proposed } from './recorded-github.ts';

/** A GitHub that knows nobody: what it is asked with. */
const asked: (string | undefined)[] = [];
const server = createServer((request, response) => {
  asked.push(request.headers.authorization);
  response.writeHead(404).end();
});
let address: string;
let checkout: CiCheckout;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  checkout = await makeCiCheckout();
  const file = 'repository: github.com/acme/app\n';
  await writeFile(path.join(checkout.directory, 'warmbake.yaml'), file);
});
afterAll(async () => {
  server.close();
  await checkout[Symbol.asyncDispose]();
});
beforeEach(() => asked.splice(0));

/** A pull request's build, whose configuration lies in the checkout: it is asked for where the pull request left main. */
async function build(env: Readonly<Record<string, string>>): Promise<string> {
  const job = proposed('pull_request');
  const ran = await checkout.run(
    ['plan', '--offline'],
    { ...job.env, GITHUB_SERVER_URL: address, WARMBAKE_CONFIG: 'warmbake.yaml', ...env },
    { event: job.event, config: 'warmbake.yaml' },
  );
  expect(ran.exitCode).toBe(5);
  return `${ran.stdout}${ran.stderr}`;
}

it("GitHub is asked with the job's token, which no line shows", async () => {
  const text = await build({ GITHUB_TOKEN: 'ghs_made-up' });
  const header = `basic ${Buffer.from('x-access-token:ghs_made-up').toString('base64')}`;
  expect(new Set(asked)).toEqual(new Set([header]));
  expect(asked.length).toBeGreaterThan(0);
  expect(text).toContain('let git of this job reach the repository');
  expect(text).not.toMatch(/ghs_made-up|x-access-token/);
  expect(text).not.toContain(header.slice('basic '.length));
});

it('without a token it is asked as anybody may', async () => {
  expect(await build({})).toContain("give the step the job's token");
  expect(new Set(asked)).toEqual(new Set([undefined]));
});
