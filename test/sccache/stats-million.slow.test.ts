import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { MOTO_CREDENTIALS } from '../../parts/moto/server.ts';
import { PROJECT } from '../../parts/project.ts';
import { startListing } from './listing-server.ts';
import { configurationOf } from './settings.ts';

const MILLION = 1_000_000;
const MAIN = path.join(PROJECT, 'dist/src/main.js');

test('a million objects are counted in a heap of 64 MB', async ({ skip }) => {
  if (!existsSync(MAIN)) skip('dist/ is missing: npm run build');
  const directory = await mkdtemp(path.join(tmpdir(), 'warmbake-million-'));
  const listing = await startListing(MILLION, new Date());
  try {
    const config = path.join(directory, 'w.yaml');
    await writeFile(config, configurationOf({ endpoint: listing.endpoint }));
    const argv = ['--max-old-space-size=64', MAIN, 'sccache', 'stats', '--json', '--config', config];
    const { stdout } = await execa('node', argv, {
      cwd: directory,
      env: { ...MOTO_CREDENTIALS, WARMBAKE_CI: 'local' },
    });
    expect(JSON.parse(stdout)).toMatchObject({ objects: MILLION, rest: { objects: MILLION / 10 } });
  } finally {
    await listing.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
