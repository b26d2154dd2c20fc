import { expect, it } from 'vitest';
import { targetsOf } from '../../src/bake/definition.ts';
import { outsidePaths } from '../../src/bake/paths.ts';

/** The checkout holds a symbolic link `link` that leads to /etc. */
const resolve = (path: string): string => path.replace(/^\/repo\/link/, '/etc');

function found(target: object, allow: readonly string[] = []): readonly string[] {
  const definition = targetsOf({ target: { t: target } });
  return outsidePaths(definition, { root: '/repo', allow, resolve }).map((p) => `${p.what} ${p.path}`);
}

it.each<[string, object, readonly string[]]>([
  ['the checkout itself', { context: '.', dockerfile: 'docker/Dockerfile' }, []],
  ['a remote context', { context: 'https://github.com/a/b.git#main' }, []],
  [
    'a context that is another target or an image',
    { contexts: { a: 'target:b', c: 'docker-image://busybox' } },
    [],
  ],
  ['a parent directory', { context: '../other' }, ['context /other', 'dockerfile /other/Dockerfile']],
  [
    'a neighbour whose name begins like the checkout',
    { contexts: { a: '/repository' } },
    ['contexts /repository'],
  ],
  ['a Dockerfile elsewhere', { dockerfile: '/etc/passwd' }, ['dockerfile /etc/passwd']],
  ['a link that leads out', { context: 'link' }, ['context /etc', 'dockerfile /etc/Dockerfile']],
  [
    'a secret of the agent',
    { secret: ['id=x,src=/root/.aws/credentials'] },
    ['secret /root/.aws/credentials'],
  ],
  ['a secret from the environment', { secret: [{ id: 'x', env: 'TOKEN' }] }, []],
  ['an ssh key', { ssh: ['default=/root/.ssh/id'] }, ['ssh /root/.ssh/id']],
  ['the ssh agent', { ssh: ['default'] }, []],
  ['an output', { output: [{ type: 'local', dest: '/tmp/out' }] }, ['output /tmp/out']],
  ['standard output', { output: ['type=tar,dest=-'] }, []],
  ['a local cache', { 'cache-to': ['type=local,dest=/var/c'] }, ['cache-to /var/c']],
  ['an image layout', { contexts: { a: `oci-layout:///l@sha256:${'0'.repeat(64)}` } }, ['contexts /l']],
])('%s', (_, target, expected) => {
  expect(found(target)).toEqual(expected);
});

it('an allowed directory allows what is in it and nothing beside it', () => {
  const secrets = { secret: ['id=a,src=/run/secrets/a', 'id=b,src=/run/secrets-b'] };
  expect(found(secrets, ['/run/secrets'])).toEqual(['secret /run/secrets-b']);
});
