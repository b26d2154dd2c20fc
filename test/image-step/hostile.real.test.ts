import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { clock } from '../../parts/ci-job/clock.ts';
import { test } from '../tiers/real.ts';
import { PROJECT_FILES } from '../../parts/ci-job/checkout.ts';
import { type Agent, makeAgent } from '../../parts/ci-job/agent.ts';
import type { Configuration } from '../../parts/ci-job/configuration.ts';
import { pullRequest } from '../../parts/ci-job/variables.ts';
import { tagsOf } from './registry-content.ts';

/** What stands in a file of the machine that no build may show. */
const PRIVATE = 'machine-private-9f2c';

interface Attack {
  /** What the pull request adds to its bake file; REPOSITORIES, OUTSIDE and ROOT are filled in. */
  readonly hcl?: string;
  readonly arrange?: (agent: Agent, outside: string) => Promise<void>;
  readonly args?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  /** What it makes of the configuration, where that lies in the checkout. */
  readonly configuration?: (own: Configuration) => object;
}

const app = (text: string): Attack => ({ hcl: `target "app" {\n${text}\n}\n` });
/** The machine's own way out. */
const PROXY = { HTTPS_PROXY: `http://somebody:${PRIVATE}@127.0.0.1:9`, NO_PROXY: '127.0.0.1' };
const withLink = (name: string, attack: Attack, file = ''): Attack => ({
  ...attack,
  arrange: async ({ checkout }, outside) => {
    await mkdir(path.dirname(path.join(checkout.path, name)), { recursive: true });
    await symlink(path.join(outside, file), path.join(checkout.path, name));
  },
});
/** A folder that git takes for a repository, and which lacks its commit: git asks the program that the settings name for it. */
const REPOSITORY = {
  HEAD: 'ref: refs/heads/main\n',
  'refs/heads/main': `${'1'.repeat(40)}\n`,
  'objects/info/packs': '\n',
  config: `[core]
  repositoryformatversion = 1
  bare = false
  worktree = .
[extensions]
  partialclone = origin
[remote "origin"]
  url = .
  promisor = true
  uploadpack = "touch OUTSIDE/ran; false"
`,
  Dockerfile: 'FROM scratch AS app\nCOPY HEAD /\n',
};
/** Writes what only the trusted build may. */
const EVIL = `tags = ["IMAGES:latest"]
  output = ["type=registry", "type=local,dest=.git"]
  cache-to = ["type=registry,ref=CACHE:latest", "type=local,dest=OUTSIDE/cache"]`;

const REFUSED: Readonly<Record<string, readonly [Attack, number, RegExp]>> = {
  'a file of the machine as secret': [
    app('secret = ["id=x,src=OUTSIDE/file"]'),
    3,
    /secret: .*outside\/file is outside of/,
  ],
  'the same in capitals': [
    app('secret = ["ID=x,SRC=OUTSIDE/file"]'),
    3,
    /secret: .*outside\/file is outside of/,
  ],
  'the same in quotes': [
    app('secret = ["id=x,\\"src=OUTSIDE/file\\""]'),
    3,
    /secret: .*outside\/file is outside of/,
  ],
  'a secret that says no more than its name': [
    app('secret = ["id=OUTSIDE/file"]'),
    3,
    /secret: .*outside\/file is outside of/,
  ],
  'a secret above a link': [
    withLink('up', app('secret = ["id=x,src=up/../outside/file"]')),
    3,
    /secret: .*outside\/file is outside of/,
  ],
  'a variable of the job': [
    app('secret = ["type=env,id=x,src=DOCKER_CONFIG"]'),
    3,
    /variable 'DOCKER_CONFIG' of the environment is not passed on/,
  ],
  'a path behind a colon': [
    app('contexts = { x = "a:/../../outside" }'),
    3,
    /contexts: .*outside is outside of/,
  ],
  'a path after cwd://': [
    app('contexts = { x = "cwd://../outside" }'),
    3,
    /contexts: .*outside is outside of/,
  ],
  'a context behind a link': [
    withLink('vendor/lib', app('context = "vendor/lib"')),
    3,
    /context: .*outside is outside of/,
  ],
  'a folder that is called as an address is': [
    withLink('https:/x', app('context = "https://x"')),
    3,
    /context: .*outside is outside of/,
  ],
  'an image layout': [
    app('contexts = { x = "oci-layout://../outside:v1" }'),
    3,
    /contexts: .*outside is outside of/,
  ],
  'a Dockerfile behind a link': [
    withLink('docker', app('dockerfile = "docker/file"')),
    3,
    /dockerfile: .*outside\/file is outside of/,
  ],
  'a Dockerfile of the machine beside a remote context': [
    app('context = "https://example.com/a/b.git"\n dockerfile = "OUTSIDE/file"'),
    3,
    /dockerfile: .*outside\/file is outside of/,
  ],
  'the folder above the checkout, by way of the Dockerfile': [
    app('context = "ROOT"\n dockerfile = "."'),
    3,
    /dockerfile: .* is outside of/,
  ],
  'a linked target with a secret': [
    {
      hcl: 'target "app" {\n contexts = { x = "target:evil" }\n}\ntarget "evil" {\n secret = ["id=x,src=OUTSIDE/file"]\n}\n',
    },
    3,
    /evil: secret: .*outside\/file is outside of/,
  ],
  'a policy beside the Dockerfile that is a link': [
    {
      arrange: async ({ checkout }, outside) => {
        await symlink(path.join(outside, 'file'), path.join(checkout.path, 'Dockerfile.rego'));
      },
    },
    3,
    /dockerfile: .*outside\/file is outside of/,
  ],
  'the ssh agent, for an address behind a path': [
    app('context = "./git@127.0.0.1:a/b"'),
    3,
    /'ssh=default' is not permitted|SSH_AUTH_SOCK/,
  ],
  'the network of the host': [app('network = "host"'), 3, /network/],
  'a privileged step': [app('entitlements = ["security.insecure"]'), 3, /entitlements/],
  'a device': [app('entitlements = ["device=vendor.com/x=all"]'), 3, /entitlements/],
  'the ssh agent': [app('ssh = ["default"]'), 3, /'ssh=default' is not permitted|SSH_AUTH_SOCK/],
  'a proxy for its steps': [
    app('args = { http_proxy = "http://127.0.0.1:9" }'),
    3,
    /args: 'http_proxy' sends steps through a proxy/,
  ],
  'a proxy for the steps of a linked target': [
    {
      hcl: 'target "app" {\n contexts = { x = "target:evil" }\n}\ntarget "evil" {\n args = { HTTPS_PROXY = "http://127.0.0.1:9" }\n}\n',
    },
    3,
    /evil: args: 'HTTPS_PROXY' sends steps through a proxy/,
  ],
  'a bake file that is a link': [
    {
      arrange: async ({ checkout }, outside) => {
        await rm(path.join(checkout.path, 'docker-bake.hcl'));
        await symlink(path.join(outside, 'file'), path.join(checkout.path, 'docker-bake.hcl'));
      },
    },
    3,
    /the bake file 'docker-bake\.hcl' is a link out of/,
  ],
  'an .env that is a link, which bake reads unasked': [
    withLink('.env', {}, 'file'),
    3,
    /the bake file '\.env' is a link out of/,
  ],
  "a variable of the tools' own, by way of the bake file": [
    {
      hcl: 'variable "HTTPS_PROXY" {\n default = ""\n}\ntarget "app" {\n secret = ["id=x,src=../${replace(HTTPS_PROXY, "/", "")}"]\n}\n',
      variables: PROXY,
    },
    3,
    /secret: .* is outside of/,
  ],
  'such a variable as a secret that says no more than its name': [
    {
      ...app('secret = ["id=HTTPS_PROXY"]'),
      // Where there is no such variable bake looks for such a file.
      arrange: async ({ checkout }) => await writeFile(path.join(checkout.path, 'HTTPS_PROXY'), ''),
      variables: PROXY,
    },
    3,
    /variable 'HTTPS_PROXY' of the environment is not passed on/,
  ],
  'a result through a link': [
    withLink('logs', { args: ['--result', 'logs/file'] }),
    2,
    /--result: '.*logs' is a link in the checkout/,
  ],
};

/** Attributes that buildx 0.13 does not know: it does not print them, so that nothing is baked with them. */
const NEWER: ReadonlySet<string> = new Set(['the network of the host', 'a privileged step', 'a device']);

const HARMLESS: Readonly<Record<string, Attack>> = {
  'tags, outputs and cache exports of its own': app(EVIL),
  'a linked target that writes': {
    hcl: `target "app" {\n contexts = { x = "target:evil" }\n}\ntarget "evil" {\n  inherits = ["base-of-evil"]\n  ${EVIL}\n}\ntarget "base-of-evil" {}\n`,
  },
  'a group of the name of the target': {
    hcl: `group "test-ci" {\n targets = ["app", "evil"]\n}\ntarget "evil" {\n  ${EVIL}\n}\n`,
  },
  'what only a second evaluation would have': {
    hcl: `variable "WARMBAKE_CACHE_FROM_TEST_CI" {\n default = ""\n}\ntarget "app" {\n secret = WARMBAKE_CACHE_FROM_TEST_CI == "" ? [] : ["id=x,src=OUTSIDE/file"]\n}\n`,
  },
  'what chance decides': {
    hcl: `target "app" {\n contexts = { x = "target:evil" }\n}\ntarget "evil" {\n  tags = ["IMAGES:t\${uuidv4()}"]\n  output = ["type=registry"]\n}\n`,
  },
  'a context that is a repository whose settings name a program': {
    hcl: 'target "app" {\n context = "vendor"\n}\n',
    arrange: async ({ checkout }, outside) => {
      for (const [name, text] of Object.entries(REPOSITORY)) {
        const file = path.join(checkout.path, 'vendor', name);
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(file, text.replaceAll('OUTSIDE', outside));
      }
    },
  },
  'a configuration that gives it the trusted repositories': {
    configuration: (own) => {
      const swapped = (key: string): object => {
        const { registry, trusted, untrusted } = own[key] as Readonly<Record<string, string>>;
        return { [key]: { registry, trusted: untrusted, untrusted: trusted } };
      };
      return { ...own, ...swapped('images'), ...swapped('cache'), trustedBranch: 'work' };
    },
  },
  'a linked target that writes, with plain bake': {
    hcl: `target "app" {\n contexts = { x = "target:evil" }\n}\ntarget "evil" {\n  ${EVIL}\n}\n`,
    variables: { WARMBAKE_BYPASS: '1' },
  },
};

/** Puts the configuration into the checkout: main's on main, and what the attack makes of it where the pull request is. */
async function inCheckout(
  { checkout }: Agent,
  change: NonNullable<Attack['configuration']>,
): Promise<Readonly<Record<string, string>>> {
  const file = 'ci/warmbake.yaml';
  const text = await readFile(path.join(checkout.directory, 'warmbake.yaml'), 'utf8');
  await checkout.commit({ [file]: text });
  await checkout.git('push', '--quiet', 'origin', 'main');
  await checkout.commit({ [file]: JSON.stringify(change(JSON.parse(text) as Configuration)) });
  return { WARMBAKE_CONFIG: file, BUILDKITE_REPO: `file://${path.join(checkout.directory, 'remote.git')}` };
}

describe.each(['engine', 'oldBuildx'] as const)(
  "a pull request's checkout, with the buildx of %s",
  (which) => {
    const attacked = async (
      env: Readonly<Record<string, string>>,
      registry: string,
      attack: Attack,
    ): Promise<{ readonly exitCode: number; readonly told: string; readonly written: readonly string[] }> => {
      await using agent = await makeAgent(env, { images: registry });
      const { checkout, repositories } = agent;
      const outside = path.join(checkout.directory, 'outside');
      await mkdir(outside);
      await writeFile(path.join(outside, 'file'), `${PRIVATE}\n`);
      const hcl = (attack.hcl ?? '')
        .replaceAll('OUTSIDE', outside)
        .replaceAll('ROOT', checkout.path)
        .replaceAll('IMAGES', `${registry}/${repositories.images.main}`)
        .replaceAll('CACHE:', `${registry}/${repositories.cache.main}:`);
      await writeFile(
        path.join(checkout.path, 'docker-bake.hcl'),
        `${PROJECT_FILES['docker-bake.hcl']}${hcl}`,
      );
      await attack.arrange?.(agent, outside);
      const configured =
        attack.configuration === undefined ? {} : await inCheckout(agent, attack.configuration);
      await checkout.git('add', '--all');
      await checkout.git('commit', '--quiet', '--allow-empty', '--message', 'change');
      const git = await readFile(path.join(checkout.path, '.git/config'), 'utf8');
      const variables = { ...pullRequest(), ...attack.variables, ...configured };
      const ended = await agent.run(['build', ...(attack.args ?? [])], variables, { clock });
      expect(await readFile(path.join(checkout.path, '.git/config'), 'utf8')).toBe(git);
      expect(await readFile(path.join(outside, 'file'), 'utf8')).toBe(`${PRIVATE}\n`);
      expect(await readdir(outside)).toEqual(['file']);
      const told = ended.stdout + ended.stderr;
      expect(told).not.toContain(PRIVATE);
      const trusted = [repositories.images.main, repositories.cache.main];
      const written = await Promise.all(trusted.map(async (name) => await tagsOf(registry, name)));
      return { exitCode: ended.exitCode, told, written: written.flat() };
    };

    test.for(Object.entries(REFUSED))(
      'is refused: %s',
      async ([name, [attack, exitCode, said]], { engine, oldBuildx, registry }) => {
        const ended = await attacked({ engine, oldBuildx }[which].env, registry.host, attack);
        const unknown = which === 'oldBuildx' && NEWER.has(name);
        const refused = { exitCode, told: expect.stringMatching(said) };
        expect(ended).toMatchObject({ ...(unknown ? { exitCode: 0 } : refused), written: [] });
      },
    );

    test.for(Object.entries(HARMLESS))(
      'writes nothing but its own: %s',
      async ([, attack], { engine, oldBuildx, registry }) => {
        const ended = await attacked({ engine, oldBuildx }[which].env, registry.host, attack);
        expect(ended.written).toEqual([]);
        expect([0, 3]).toContain(ended.exitCode);
      },
    );
  },
);

test.for(['docker-bake.hcl', '.env'])(
  'buildx is not even started where %s leads out of the checkout: some files have no end',
  async (name, { engine, registry }) => {
    await using agent = await makeAgent(engine.env, { images: registry.host });
    await rm(path.join(agent.checkout.path, name), { force: true });
    await symlink('/dev/zero', path.join(agent.checkout.path, name));
    const ended = await agent.run(['build'], pullRequest(), { clock });
    expect(ended).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining(`'${name}' is a link out of`),
    });
    expect((await agent.calls()).filter((call) => /buildx.* bake /.test(call))).toEqual([]);
  },
);
