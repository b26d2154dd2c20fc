import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DefinitionLimits, judgeDefinition, requireInnocent } from '../../src/bake/judge.ts';
import { whereabouts } from '../../src/bake/real-place.ts';
import { type HostileTree, makeHostileTree } from './hostile-tree.ts';

let tree: HostileTree;
beforeAll(async () => {
  tree = await makeHostileTree();
});
afterAll(async () => await tree[Symbol.asyncDispose]());

/** Objections to one target; ROOT and NEAR stand for the checkout and what is around it. */
function said(target: object, granted: Partial<DefinitionLimits> = {}): readonly string[] {
  const near = tree.root.replace(/\/checkout$/, '');
  const text = JSON.stringify(target).replaceAll('ROOT', tree.root).replaceAll('NEAR', near);
  const objections = judgeDefinition(
    { target: { t: JSON.parse(text) } },
    {
      root: tree.root,
      allow: [],
      permit: [],
      variables: [],
      environment: ['HOME', 'GIVEN'],
      resolve: whereabouts,
      ...granted,
    },
  );
  return objections.map((o) =>
    `${o.attribute}: ${o.because}`.replaceAll(tree.root, 'ROOT').replaceAll(near, 'NEAR'),
  );
}

describe('an ordinary target has nothing against it', () => {
  it.each<[string, object]>([
    ['nothing but defaults', {}],
    ['the checkout, and a Dockerfile in a folder of it', { context: '.', dockerfile: 'sub/Dockerfile' }],
    ['the checkout by its absolute path', { context: 'ROOT', dockerfile: 'Dockerfile' }],
    ['a folder whose name begins with two dots', { context: '..sub' }],
    ['a link that stays inside', { context: 'in', dockerfile: 'Dockerfile' }],
    ['a folder of the working directory', { context: 'cwd://sub', dockerfile: 'cwd://sub/Dockerfile' }],
    ['a repository over https', { context: 'https://github.com/o/r.git#main:sub', dockerfile: 'Dockerfile' }],
    ['a repository in short', { context: 'github.com/o/r' }],
    [
      'images, other targets, archives and layouts as contexts',
      {
        contexts: {
          a: 'docker-image://alpine@sha256:0',
          b: 'target:base',
          c: 'https://example.com/x.tar.gz',
          d: 'oci-layout://sub/deep:v1',
          e: `oci-layout://./sub@sha256:${'0'.repeat(64)}`,
        },
      },
    ],
    [
      'everything that stays in the sandbox',
      {
        args: { A: null, B: '/etc/passwd' },
        labels: { a: 'b' },
        annotations: ['a=b'],
        attest: ['type=provenance,mode=max'],
        platforms: ['linux/amd64'],
        target: 'app',
        'dockerfile-inline': 'FROM scratch',
        'no-cache': true,
        'no-cache-filter': ['x'],
        pull: true,
        'shm-size': '1g',
        ulimits: ['nofile=1024'],
        'extra-hosts': { a: '127.0.0.1' },
        network: 'none',
        call: 'build',
        description: 'x',
      },
    ],
    ['a secret in a file of the checkout', { secret: ['id=a,src=sub/file', { id: 'b', src: 'file' }] }],
    [
      'what warmbake replaces in any case',
      {
        tags: ['evil.example.com/x'],
        output: ['type=local,dest=/etc', { type: 'tar', dest: '.git/config' }],
        'cache-to': ['type=local,dest=/etc'],
        'cache-from': ['type=local,src=/etc'],
      },
    ],
  ])('%s', (_, target) => expect(said(target)).toEqual([]));
});

describe('a path that leads out is refused', () => {
  it.each<[string, object, string]>([
    ['a folder above', { context: '..' }, 'context: NEAR is outside of ROOT'],
    [
      'a neighbour whose name begins alike',
      { contexts: { a: 'ROOT-2' } },
      'contexts: ROOT-2 is outside of ROOT',
    ],
    ['behind a colon', { context: 'a:b/../../outside' }, 'context: NEAR/outside is outside of ROOT'],
    [
      'behind a colon of nothing',
      { contexts: { x: 'x:/../../outside' } },
      'contexts: NEAR/outside is outside of ROOT',
    ],
    ['cwd://', { contexts: { x: 'cwd://../outside' } }, 'contexts: NEAR/outside is outside of ROOT'],
    ['cwd:// of the context', { context: 'cwd://../outside' }, 'context: NEAR/outside is outside of ROOT'],
    [
      'cwd:// of the Dockerfile',
      { dockerfile: 'cwd://../outside/Dockerfile' },
      'dockerfile: NEAR/outside/Dockerfile is outside of ROOT',
    ],
    [
      'an absolute Dockerfile beside a remote context',
      { context: 'https://github.com/o/r.git', dockerfile: '/etc/hosts' },
      'dockerfile: /etc/hosts is outside of ROOT',
    ],
    [
      'a Dockerfile above a remote context',
      { context: 'https://github.com/o/r.git', dockerfile: '../outside/Dockerfile' },
      'dockerfile: NEAR/outside/Dockerfile is outside of ROOT',
    ],
    ['an absolute Dockerfile', { dockerfile: '/etc/hosts' }, 'dockerfile: /etc/hosts is outside of ROOT'],
    [
      'a Dockerfile that is a link, in a context after cwd://',
      { context: 'cwd://sub', dockerfile: 'file-out' },
      'dockerfile: NEAR/outside/secret is outside of ROOT',
    ],
    [
      'a Dockerfile behind a link, in a context that is called as an address is',
      { context: 'github.com/o', dockerfile: 'out/secret' },
      'dockerfile: NEAR/outside/secret is outside of ROOT',
    ],
    [
      'a Dockerfile above a remote context in short',
      { context: 'github.com/o/r', dockerfile: '../outside/Dockerfile' },
      'dockerfile: NEAR/outside/Dockerfile is outside of ROOT',
    ],
    [
      'a Dockerfile above a remote context in capitals',
      { context: 'GIT://example.com/o/r', dockerfile: '../outside/Dockerfile' },
      'dockerfile: NEAR/outside/Dockerfile is outside of ROOT',
    ],
    [
      'a Dockerfile after cwd://, above a remote context',
      { context: 'github.com/o/r', dockerfile: 'cwd://../outside/Dockerfile' },
      'dockerfile: NEAR/outside/Dockerfile is outside of ROOT',
    ],
    [
      'a Dockerfile above what nearly is a remote context',
      { context: './git@example.com:o/r', dockerfile: '../outside/Dockerfile' },
      'dockerfile: NEAR/outside/Dockerfile is outside of ROOT',
    ],
    [
      'a Dockerfile above a remote context that leads nowhere',
      { context: 'git://example.com/o/r@x:', dockerfile: '../outside/Dockerfile' },
      'dockerfile: NEAR/outside/Dockerfile is outside of ROOT',
    ],
    [
      'a policy beside the Dockerfile that is a link',
      { dockerfile: 'policed/Dockerfile' },
      'dockerfile: NEAR/outside/secret is outside of ROOT',
    ],
    [
      'a dockerfile that is a link, where there is no Dockerfile',
      { dockerfile: 'small/Dockerfile' },
      'dockerfile: NEAR/outside/secret is outside of ROOT',
    ],
    [
      'a policy beside such a dockerfile',
      { context: 'small-policed' },
      'dockerfile: NEAR/outside/secret is outside of ROOT',
    ],
    [
      'a Dockerfile that is a link',
      { dockerfile: 'sub/file-out' },
      'dockerfile: NEAR/outside/secret is outside of ROOT',
    ],
    ['a link', { context: 'out' }, 'context: NEAR/outside is outside of ROOT'],
    ['a link in the middle', { context: 'sub/up/outside' }, 'context: NEAR/outside is outside of ROOT'],
    [
      'above a link, as the system reads it',
      { secret: [{ id: 'x', src: 'out/../outside/secret' }] },
      'secret: NEAR/outside/secret is outside of ROOT',
    ],
    [
      'above a link, as buildx reads it',
      { context: 'sub/up/../../../outside' },
      'context: NEAR/outside is outside of ROOT',
    ],
    [
      'a folder called like an address',
      { context: 'https:/out' },
      'context: NEAR/outside is outside of ROOT',
    ],
    ['an address that is a folder', { context: 'https://out' }, 'context: NEAR/outside is outside of ROOT'],
    [
      'an address that leads up',
      { context: 'https://../../outside' },
      'context: NEAR/outside is outside of ROOT',
    ],
    [
      'a repository in short that is a link',
      { context: 'github.com/o/out' },
      'context: NEAR/outside is outside of ROOT',
    ],
    [
      'an image without its slashes',
      { contexts: { x: 'docker-image:/../../outside' } },
      'contexts: NEAR/outside is outside of ROOT',
    ],
    [
      'a layout',
      { contexts: { x: 'oci-layout://../outside:v1' } },
      'contexts: NEAR/outside is outside of ROOT',
    ],
    [
      'a link in a folder called cwd:',
      { contexts: { x: 'cwd://only-here' } },
      'contexts: NEAR/outside is outside of ROOT',
    ],
    [
      'a link in a folder called oci-layout:',
      { contexts: { x: 'oci-layout://only-here' } },
      'contexts: NEAR/outside is outside of ROOT',
    ],
    [
      'a layout that is a link',
      { contexts: { x: 'oci-layout://sub/up' } },
      'contexts: NEAR is outside of ROOT',
    ],
    [
      'a layout with a digest',
      { contexts: { x: `oci-layout://../outside@sha256:${'0'.repeat(64)}` } },
      'contexts: NEAR/outside is outside of ROOT',
    ],
    [
      'another protocol',
      { contexts: { x: 'file:///../../../../../../../../etc' } },
      'contexts: /etc is outside of ROOT',
    ],
    ['a secret', { secret: ['id=x,src=/etc/hosts'] }, 'secret: /etc/hosts is outside of ROOT'],
    ['a secret in capitals', { secret: ['ID=x,SRC=/etc/hosts'] }, 'secret: /etc/hosts is outside of ROOT'],
    [
      'a secret with blanks',
      { secret: ['id=x, source =/etc/hosts'] },
      'secret: /etc/hosts is outside of ROOT',
    ],
    ['a secret in quotes', { secret: ['id=x,"src=/etc/hosts"'] }, 'secret: /etc/hosts is outside of ROOT'],
    [
      'a secret that is a variable and a file',
      { secret: ['type=env,id=x,env=GIVEN,src=/etc/hosts'] },
      'secret: /etc/hosts is outside of ROOT',
    ],
    [
      'a key of ssh whose path begins like another field',
      { ssh: ['k==/../../outside/secret'] },
      'ssh: NEAR/outside/secret is outside of ROOT',
    ],
    [
      'a secret that says no more than its name',
      { secret: ['id=/etc/hosts'] },
      'secret: /etc/hosts is outside of ROOT',
    ],
    [
      'the folder above, by way of the Dockerfile',
      { context: 'ROOT', dockerfile: '.' },
      'dockerfile: NEAR is outside of ROOT',
    ],
  ])('%s', (_, target, objection) => expect(said(target)).toContain(objection));

  it.each<[string, object]>([
    ['a link to itself', { context: 'loop/x' }],
    ['/proc, which is another for each process', { secret: [{ id: 'x', src: '/proc/self/environ' }] }],
    ['a link into /proc', { context: 'self/..' }],
    ['a name that no file can have', { context: 'a\0b' }],
  ])('%s: nobody can say', (_, target) => expect(said(target)[0]).toMatch(/^\w+: nobody can say where '/));

  it('an allowed folder can be a link', () => {
    const secret = [{ id: 'x', src: 'NEAR/outside/secret' }];
    expect(said({ secret }, { allow: [`${tree.root}/out`] })).toEqual([]);
  });

  it('an allowed folder allows what is in it and nothing beside it', () => {
    const allow = [tree.outside];
    const secret = ['a', 'b'].map((id, i) => ({ id, src: `NEAR/outside${i === 0 ? '' : '-2'}/secret` }));
    expect(said({ secret }, { allow })).toEqual(['secret: NEAR/outside-2/secret is outside of ROOT']);
    expect(said({ context: 'sub/up/outside/../x' }, { allow })).toContain(
      'context: NEAR/x is outside of ROOT',
    );
  });
});

describe('a privilege is refused unless it is permitted by name', () => {
  it.each<[string, object, string]>([
    ['the network of the host', { network: 'host' }, 'network.host'],
    ['an entitlement', { entitlements: ['security.insecure'] }, 'security.insecure'],
    ['a device', { entitlements: ['device=nvidia.com/gpu=all'] }, 'device=nvidia.com/gpu=all'],
    ['the ssh agent', { ssh: ['default'] }, 'ssh=default'],
    ['a key of the checkout', { ssh: [{ id: 'deploy', paths: ['file'] }] }, 'ssh=deploy'],
    ['the ssh agent by way of the context', { context: 'git@github.com:o/r.git' }, 'ssh=default'],
    ['the ssh agent in another spelling', { context: 'SSH://x@github.com/o/r.git' }, 'ssh=default'],
    ['the ssh agent by another user', { context: 'de-ploy@git.example.com:o/r' }, 'ssh=default'],
    ['the ssh agent without a name', { ssh: ['=file'] }, 'ssh=default'],
    ['the ssh agent behind what buildx shortens', { context: './git@github.com:o/r.git' }, 'ssh=default'],
    ['the ssh agent behind cwd://', { context: 'cwd://sub/../git@github.com:o/r' }, 'ssh=default'],
  ])('%s', (_, target, name) => {
    expect(said(target).map((text) => text.replace(/^\w+: /, ''))).toEqual([`'${name}' is not permitted`]);
    expect(said(target, { permit: [name] })).toEqual([]);
    expect(said(target, { permit: ['device=other', 'ssh=other', name.slice(0, -1)] })).toHaveLength(1);
  });

  it('a permitted key of ssh does not permit its path', () => {
    const ssh = ['default=/root/.ssh/id,/etc/hosts'];
    const told = said({ ssh }, { permit: ['ssh=default'] });
    expect(told).toContain('ssh: /etc/hosts is outside of ROOT');
  });
});

describe('a proxy of steps is refused unless the configuration names it', () => {
  it.each(['HTTP_PROXY', 'https_proxy', 'Ftp_Proxy', 'NO_PROXY', 'all_proxy'])('%s', (name) => {
    const target = { args: { [name]: 'http://evil:1', OTHER: 'x' } };
    const refusal = `args: '${name}' sends steps through a proxy, which their cache keys do not tell`;
    expect(said(target)).toEqual([refusal]);
    expect(said(target, { permit: [`proxy=${name}`] })).toEqual([]);
    expect(said(target, { permit: ['proxy=OTHER'] })).toEqual([refusal]);
    expect(said(target, { args: new Map([[name, ['http://ours:1', 'http://evil:1']]]) })).toEqual([]);
    expect(said(target, { args: new Map([[name, ['http://ours:1']]]) })).toEqual([refusal]);
    expect(said({ args: { [name]: null } })).toEqual([refusal]);
    expect(said({ args: { [name]: '' } })).toEqual([]);
  });

  it('that is no text cannot be judged', () => {
    expect(said({ args: { HTTP_PROXY: ['http://evil:1'] } })).toEqual(["args: 'HTTP_PROXY' is not a text"]);
    expect(said({ args: ['HTTP_PROXY=http://evil:1'] })).toEqual([
      'args: it is not of the form that buildx prints',
    ]);
  });

  it.each(['MY_HTTP_PROXY', 'HTTP_PROXY_HOST', 'PROXY', 'BUILDKIT_SYNTAX'])('but not %s', (name) => {
    expect(said({ args: { [name]: 'http://evil:1' } })).toEqual([]);
  });
});

describe('a variable of the environment is refused unless the configuration passes it on', () => {
  it.each<[string, unknown, string]>([
    ['by type', 'type=env,id=x,src=TOKEN', 'TOKEN'],
    ['by key', 'id=x,env=TOKEN', 'TOKEN'],
    ['by key in capitals', 'id=x,ENV=TOKEN', 'TOKEN'],
    ['as an object', { id: 'x', env: 'TOKEN' }, 'TOKEN'],
    ['by the name of the secret', 'id=GIVEN', 'GIVEN'],
  ])('%s', (_, secret, name) => {
    expect(said({ secret: [secret] })).toEqual([
      `secret: the variable '${name}' of the environment is not passed on`,
    ]);
    expect(said({ secret: [secret] }, { variables: [name] })).toEqual([]);
  });
});

describe('what cannot be judged is refused', () => {
  it.each<[string, object, string]>([
    [
      'an attribute of a later buildx',
      { mounts: [] },
      'mounts: this version of warmbake does not know it; update warmbake, or remove it',
    ],
    [
      'a policy',
      { policy: ['filename=/etc/x'] },
      'policy: this version of warmbake does not know it; update warmbake, or remove it',
    ],
    ['a call that builds nothing', { call: 'outline' }, "call: 'outline' builds nothing"],
    [
      'a network of another kind',
      { network: 'container:x' },
      "network: 'network.container:x' is not permitted",
    ],
    [
      'two lines in one secret',
      { secret: ['id=x\n,src=/etc/hosts'] },
      'secret: it is not a list of key=value',
    ],
    ['a quote in the middle', { secret: ['id=x,s"rc=/etc/hosts'] }, 'secret: it is not a list of key=value'],
    ['a key twice', { secret: ['id=x,src=file,source=/etc/hosts'] }, 'secret: it names a key twice'],
    [
      'a key that buildx does not know',
      { secret: [{ id: 'x', path: '/etc/hosts' }] },
      "secret: it has a key 'path'",
    ],
    [
      'a secret whose file is no text',
      { secret: [{ id: 'x', src: ['/etc/hosts'] }] },
      'secret: it is not a list of key=value',
    ],
    [
      'a key of ssh with more to it',
      { ssh: [{ id: 'k', paths: ['file'], raw: true }] },
      'ssh: it is not an id with paths',
    ],
    [
      'a key of ssh whose paths are no list',
      { ssh: [{ id: 'k', paths: '/etc/hosts' }] },
      'ssh: it is not an id with paths',
    ],
    [
      'entitlements that are no list',
      { entitlements: 'security.insecure' },
      'entitlements: it is not of the form that buildx prints',
    ],
    ['a secret without id', { secret: [{}] }, 'secret: it has no id'],
    ['a list of contexts', { contexts: ['/etc'] }, 'contexts: it is not of the form that buildx prints'],
    ['a named context that is no text', { contexts: { a: ['/etc'] } }, 'contexts: it is not a text'],
    ['a target that is a list', ['/etc'], 'target: it is not an object'],
    ['a Dockerfile that is no text', { dockerfile: 5 }, 'context: context and dockerfile are not texts'],
    ['a context that is no text', { context: ['/etc'] }, 'context: context and dockerfile are not texts'],
  ])('%s', (_, target, objection) => expect(said(target)).toEqual([objection]));
});

it('every target is judged, linked ones too, and the error says what would grant it', () => {
  const limits = {
    root: tree.root,
    allow: [],
    permit: [],
    variables: [],
    environment: [],
    resolve: whereabouts,
  };
  const linked = {
    secret: [
      { id: 'x', env: 'TOKEN' },
      { id: 'y', src: '/etc/hosts' },
    ],
  };
  const raw = { target: { app: { contexts: { x: 'target:evil' } }, evil: { ...linked, network: 'host' } } };
  expect(() => requireInnocent(judgeDefinition(raw, limits))).toThrowError(
    expect.objectContaining({
      code: 'definition-refused',
      kind: 'config',
      message: `the definition asks for what it may not have:
  evil: secret: the variable 'TOKEN' of the environment is not passed on
  evil: secret: /etc/hosts is outside of ${tree.root}
  evil: network: 'network.host' is not permitted`,
      hint: "where it is meant: add 'TOKEN' to bake.passthrough; add /etc/hosts to bake.allow; add 'network.host' to bake.permit",
    }),
  );
});
