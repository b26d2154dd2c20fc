import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { checkoutPlace, checkoutsAround } from '../../src/context/checkout.ts';
import { openHost } from '../registry/fixture-host.ts';
import { run } from './graph.ts';

it('the checkouts around a submodule of a submodule are told from the outermost one on', async ({
  onTestFinished,
}) => {
  const home = await realpath(await mkdtemp(path.join(os.tmpdir(), 'warmbake-checkout-')));
  onTestFinished(async () => await rm(home, { recursive: true }));
  const named = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
  const add = ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add'];
  const commit = [...named, 'commit', '--quiet', '--allow-empty', '--message', 'all'];
  for (const [name, inside] of [['c'], ['b', 'c'], ['a', 'b']] as const) {
    const at = path.join(home, 'remotes', name);
    await mkdir(at, { recursive: true });
    run(at, ['init', '--quiet']);
    if (inside !== undefined) run(at, [...add, path.join(home, 'remotes', inside), inside]);
    run(at, commit);
  }
  const top = path.join(home, 'top');
  const clone = ['clone', '--quiet', '--recurse-submodules', path.join(home, 'remotes', 'a'), top];
  run(home, ['-c', 'protocol.file.allow=always', ...clone]);

  await using host = await openHost({ env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } });
  const innermost = { ...host, cwd: path.join(top, 'b', 'c') };
  const place = await checkoutPlace(innermost);
  if (place === undefined) throw new Error('no checkout');
  expect(await checkoutsAround(innermost, place)).toEqual([
    top,
    path.join(top, 'b'),
    path.join(top, 'b', 'c'),
  ]);
});
