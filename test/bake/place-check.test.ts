import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePlaces } from '../../src/bake/place-check.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'places-'));
  for (const folder of ['docker', 'small', 'empty']) await mkdir(path.join(root, folder));
  for (const file of ['Dockerfile', 'docker/app.Dockerfile', 'small/dockerfile']) {
    await writeFile(path.join(root, file), 'FROM scratch\n');
  }
});
afterAll(async () => await rm(root, { recursive: true }));

describe('what a target needs is there', () => {
  it.each([
    ['where nothing is said', {}],
    ['by its path in the context', { dockerfile: 'docker/app.Dockerfile' }],
    ['in another context', { context: 'docker', dockerfile: 'app.Dockerfile' }],
    ['in small letters, which buildx takes too', { context: 'small' }],
    ['without a file, where it is written inline', { context: 'empty', 'dockerfile-inline': 'FROM scratch' }],
    ['or comes from an address', { context: 'https://example.com/a/b.git#main:sub' }],
    ['or from an address of git', { context: 'git@example.com:a/b.git' }],
    ['or from where bake was started', { context: 'cwd://nowhere' }],
    ['or has its file from an address', { dockerfile: 'https://example.com/Dockerfile' }],
    [
      'or from other targets and images',
      { contexts: { a: 'target:lib', b: 'docker-image://alpine', c: 'oci-layout://x' } },
    ],
    ['and named contexts are folders', { contexts: { a: './docker' } }],
  ])('%s', async (_, target) => {
    await expect(requirePlaces({ target: { app: target } }, root)).resolves.toBeUndefined();
  });
});

describe('what is not there is found before the build', () => {
  it.each([
    ['a context', { context: './dokcer' }, "the context './dokcer'", "did you mean 'docker'?"],
    [
      'a Dockerfile',
      { dockerfile: 'docker/ap.Dockerfile' },
      "the file 'docker/ap.Dockerfile'",
      "did you mean 'docker/app.Dockerfile'?",
    ],
    [
      'a folder before it',
      { context: 'dcker', dockerfile: 'app.Dockerfile' },
      "the context 'dcker'",
      "did you mean 'docker'?",
    ],
    ['a Dockerfile in a context', { context: 'empty' }, "the file 'empty/Dockerfile'", 'paths are relative'],
    [
      'a named context',
      { contexts: { source: 'smal' } },
      "the named context 'source', 'smal'",
      "did you mean 'small'?",
    ],
  ])('%s', async (_, target, what, hint) => {
    await expect(requirePlaces({ target: { app: target } }, root)).rejects.toMatchObject({
      kind: 'config',
      code: 'build-input-missing',
      message: `app: ${what} is not in the checkout`,
      hint: expect.stringContaining(hint),
    });
  });
});
