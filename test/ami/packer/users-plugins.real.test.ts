import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { need } from '../../../parts/part.ts';
import { orSkip } from '../../tiers/or-skip.ts';
import { findParts } from '../../../parts/find.ts';
import { packerEnvironment } from '../../../src/ami/packer/run.ts';
import { openHost } from '../../registry/fixture-host.ts';

test.for([
  ["Packer by itself starts what lies among the user's plugins", 'by itself', true],
  ['Packer of the daily job does not', 'of the job', false],
] as const)('%s', async ([, whose, starts], { skip }) => {
  const finding = findParts(process.env).then((parts) => need('packer', parts.packer));
  const packer = await orSkip(finding, skip);
  await using host = await openHost();
  const plugins = path.join(host.home, '.packer.d/plugins');
  const trace = path.join(host.home, 'trace');
  await mkdir(plugins, { recursive: true });
  await mkdir(host.scratch, { recursive: true });
  const evil = path.join(plugins, 'packer-builder-null');
  await writeFile(evil, `#!/bin/sh\ntouch '${trace}'\nexit 1\n`, { mode: 0o755 });
  await writeFile(path.join(host.home, '.packerconfig'), JSON.stringify({ builders: { null: evil } }));
  const template = path.join(host.scratch, 'a.pkr.hcl');
  const text = 'source "null" "a" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.a"]\n}\n';
  await writeFile(template, text);
  const plain = { PATH: host.env['PATH'], HOME: host.home, TMPDIR: host.scratch, CHECKPOINT_DISABLE: '1' };
  const env = whose === 'of the job' ? packerEnvironment(host, host.scratch) : plain;
  const { exitCode } = await execa(packer, ['build', template], {
    env,
    extendEnv: false,
    cwd: host.scratch,
    reject: false,
  });
  expect([existsSync(trace), exitCode === 0]).toEqual([starts, !starts]);
});
