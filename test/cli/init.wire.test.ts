import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { conforming } from '../../parts/ci-job/conforming.ts';
import { requireSuccess } from '../../parts/ci-job/warmbake.ts';
import { makeProject, type ProjectFacts } from '../init/project.ts';

const BAKE = {
  'docker-bake.hcl':
    'group "default" {\n  targets = ["app"]\n}\ntarget "app" {\n  tags = ["r.io/acme/app:1"]\n}\n',
};
const WORKFLOW = { '.github/workflows/test.yml': 'on: push\n' };
const KNOWN: ProjectFacts = { files: { ...BAKE, ...WORKFLOW } };

/** Everything that is in the checkout and not committed. */
async function added(project: Awaited<ReturnType<typeof makeProject>>): Promise<readonly string[]> {
  const status = await project.git('status', '--porcelain', '--untracked-files=all');
  return status
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice(3))
    .toSorted();
}

describe('init', () => {
  it('writes configuration, schema and workflow, and says from what', async () => {
    await using project = await makeProject(KNOWN);
    const { stdout } = requireSuccess(await project.run(['init', '--registry', 'r.io/acme']));
    expect(await added(project)).toEqual([
      '.github/workflows/warmbake.yml',
      '.warmbake.schema.json',
      'warmbake.yaml',
    ]);
    for (const said of [
      /^repository +github\.com\/acme\/app +the remote origin$/m,
      /^bake files +docker-bake\.hcl +what bare/m,
      /^CI +github +GitHub Actions: \.github\/workflows\/test\.yml is there$/m,
      /^warmbake\.yaml +written$/m,
      /warmbake plan --offline/,
    ])
      expect(stdout).toMatch(said);
    expect(JSON.parse(await project.read('.warmbake.schema.json'))).toMatchObject({
      title: 'warmbake config, version 1',
    });
    expect(requireSuccess(await project.run(['build', '--explain-context'])).stdout).toContain('default');
  });

  it('writes nothing with --dry-run, and prints it all', async () => {
    await using project = await makeProject(KNOWN);
    const { stdout } = requireSuccess(await project.run(['init', '--yes', '--dry-run']));
    expect(await added(project)).toEqual([]);
    for (const file of ['warmbake.yaml', '.warmbake.schema.json', '.github/workflows/warmbake.yml'])
      expect(stdout).toContain(`==> ${file}\n`);
    const { stdout: json } = requireSuccess(await project.run(['init', '--yes', '--dry-run', '--json']));
    await conforming('init', json);
    expect(JSON.parse(json).files.map(({ state }: { readonly state: string }) => state)).toEqual([
      'planned',
      'planned',
      'planned',
    ]);
  });

  it('works from below the top, for a configuration and a schema elsewhere', async () => {
    await using project = await makeProject({ files: { ...BAKE, ...WORKFLOW, 'ci/readme': '' } });
    requireSuccess(
      await project.run(['init', '--yes', '--out', 'warmbake.yaml', '--schema', '../schemas.json'], {
        cwd: 'ci',
      }),
    );
    expect(await added(project)).toEqual([
      '.github/workflows/warmbake.yml',
      'ci/warmbake.yaml',
      'schemas.json',
    ]);
    expect((await project.read('ci/warmbake.yaml')).split('\n')[0]).toBe(
      '# yaml-language-server: $schema=../schemas.json',
    );
    expect(parse(await project.read('.github/workflows/warmbake.yml')).jobs['image-build'].env).toMatchObject(
      { WARMBAKE_CONFIG: 'ci/warmbake.yaml' },
    );
  });

  it("takes the schema of the project's own package, and writes none with --no-schema", async () => {
    await using project = await makeProject(KNOWN);
    const folder = path.join(project.path, 'node_modules/warmbake/dist/program');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'warmbake.schema.json'), '{}');
    await writeFile(path.join(project.path, '.git/info/exclude'), 'node_modules\n');
    requireSuccess(await project.run(['init', '--yes']));
    expect((await project.read('warmbake.yaml')).split('\n')[0]).toBe(
      '# yaml-language-server: $schema=./node_modules/warmbake/dist/program/warmbake.schema.json',
    );
    await using other = await makeProject(KNOWN);
    requireSuccess(await other.run(['init', '--yes', '--no-schema']));
    expect(await added(other)).toEqual(['.github/workflows/warmbake.yml', 'warmbake.yaml']);
    expect(await other.read('warmbake.yaml')).not.toContain('$schema');
  });
});

describe('what cannot be known', () => {
  const OPEN: ProjectFacts = {
    files: { 'docker-bake.hcl': 'target "api" {}\ntarget "web" {}\n' },
    remotes: {},
  };

  it('is asked for at a terminal, again where an answer cannot be, and enter takes what is proposed', async () => {
    await using project = await makeProject(OPEN);
    const asked: string[] = [];
    const answers = ['web', 'git.example.com/acme/app', 'https://r.io', 'r.io/acme', 'gitlab'];
    const ask = async (question: string): Promise<string> => {
      asked.push(question);
      return await Promise.resolve(answers[asked.length - 1] ?? 'x');
    };
    const { stderr, stdout } = requireSuccess(await project.run(['init', '--json'], { ask }));
    expect(stderr).toContain("'https://r.io' is no registry; write host[:port][/path], without scheme");
    expect(asked).toHaveLength(5);
    expect(JSON.parse(stdout)).toMatchObject({
      targets: [{ name: 'web' }],
      repository: 'git.example.com/acme/app',
      registry: 'r.io/acme',
      ci: 'gitlab',
      warnings: [expect.objectContaining({ code: 'targets-not-resolved' })],
    });
    await using other = await makeProject(OPEN);
    const entered = requireSuccess(
      await other.run(['init', '--json'], { ask: async () => await Promise.resolve('') }),
    );
    expect(JSON.parse(entered.stdout)).toMatchObject({
      targets: [{ name: 'api' }, { name: 'web' }],
      ci: 'other',
    });
    // Nobody could use it, whoever pressed the key.
    expect(await other.read('warmbake.yaml')).toContain(
      '# the source repository, host/owner/name: a placeholder: put yours here',
    );
  });

  it('is not what Ctrl-D says: nothing is taken, and nothing is written', async () => {
    await using project = await makeProject(OPEN);
    const asked: string[] = [];
    const ended = await project.run(['init'], {
      ask: async (question) => {
        asked.push(question);
        return await Promise.resolve(undefined);
      },
    });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain('the input ended, and nothing was written');
    expect(ended.stderr).toContain('--target');
    expect(asked).toHaveLength(1);
    expect(await added(project)).toEqual([]);
  });

  it('is one line where the targets are many', async () => {
    const many = Array.from({ length: 300 }, (_, at) => `target "t${at}" {}\n`).join('');
    await using project = await makeProject({ files: { 'docker-bake.hcl': many, ...WORKFLOW } });
    const { stdout } = requireSuccess(await project.run(['init', '--yes']));
    expect(stdout).toMatch(/^targets +t0, t1, t2, t3, t4, t5, t6, t7 and 292 more +all there are$/m);
    expect(await project.read('warmbake.yaml')).toMatch(/^ {2}t299:/m);
  });

  it('is asked of the buildx in the folder that DOCKER_CONFIG names, by doctor and init too', async () => {
    await using project = await makeProject(KNOWN);
    await mkdir(path.join(project.path, '../docker/cli-plugins'), { recursive: true });
    await writeFile(
      path.join(project.path, '../docker/cli-plugins/docker-buildx'),
      '#!/bin/sh\ncase "$1" in version) echo github.com/docker/buildx v0.29.1 0 ;; *) echo "this one" >&2; exit 1 ;; esac\n',
      { mode: 0o755 },
    );
    const env = { DOCKER_CONFIG: path.join(project.path, '../docker') };
    const { stdout } = await project.run(['doctor', '--json'], { env });
    expect(JSON.parse(stdout).checks).toContainEqual(
      expect.objectContaining({ check: 'buildx', state: 'ok' }),
    );
    const { stderr } = requireSuccess(await project.run(['init', '--yes'], { env }));
    expect(stderr).toMatch(/their text was read: .*this one/);
  });

  it('is told, all of it at once, where there is nobody to ask', async () => {
    await using project = await makeProject(OPEN);
    const { exitCode, stderr } = await project.run(['init']);
    expect(exitCode).toBe(2);
    for (const option of ['--target', '--repository', '--registry', '--ci'])
      expect(stderr).toContain(`(${option})`);
    expect(await added(project)).toEqual([]);
  });

  it('is a placeholder with --yes, which is said, and all options together need no --yes', async () => {
    await using project = await makeProject(OPEN);
    const { stderr } = requireSuccess(await project.run(['init', '--yes']));
    expect(stderr).toMatch(/warning: placeholder: .*'registry\.example\.com' stands there instead/);
    expect(stderr).toMatch(/warning: assumed: the targets that CI builds.*api,web/);
    await using other = await makeProject(OPEN);
    const options = [
      '--target',
      'api',
      '--repository',
      'github.com/a/b',
      '--registry',
      'ghcr.io',
      '--ci',
      'other',
      '--trusted-branch',
      'trunk',
    ];
    expect(JSON.parse(requireSuccess(await other.run(['init', '--json', ...options])).stdout)).toMatchObject({
      registry: 'ghcr.io/a',
      trustedBranch: 'trunk',
      targets: [{ name: 'api' }],
    });
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      'a target that the files do not have',
      ['--target', 'wep'],
      /--target: the bake files have no 'wep'; did you mean 'web'\?/,
    ],
    [
      'a registry with a scheme',
      ['--registry', 'https://r.io'],
      /--registry: 'https:\/\/r\.io' is no registry/,
    ],
    ['a CI that is none', ['--ci', 'jenkins'], /--ci: 'jenkins' is none of buildkite, github, gitlab, other/],
    ['a repository with a scheme', ['--repository', 'https://github.com/a/b'], /write host\/owner\/name/],
    [
      'a Compose file',
      ['--bake', 'compose.yaml'],
      /Compose is not supported \(`docker buildx bake -f compose\.yaml --print/,
    ],
  ])('is refused as an option: %s', async (_, args, message) => {
    await using project = await makeProject(OPEN);
    const { exitCode, stderr } = await project.run(['init', '--yes', ...args]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});

describe('init never', () => {
  it('writes over a configuration: it is refused, before anything is asked or written', async () => {
    await using project = await makeProject({ files: { ...KNOWN.files, 'warmbake.yaml': 'mine\n' } });
    const { exitCode, stderr } = await project.run(['init', '--yes']);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/'warmbake\.yaml' is there, and init writes over nothing\n.*init --dry-run/);
    expect(await added(project)).toEqual([]);
    const { stdout } = requireSuccess(await project.run(['init', '--yes', '--dry-run']));
    expect(stdout).toMatch(/^warmbake\.yaml +is there and stays as it is$/m);
  });

  it('writes over a workflow or a schema: they stay, which is said, and the rest is written', async () => {
    const mine = { '.github/workflows/warmbake.yml': 'mine\n', '.warmbake.schema.json': 'mine\n' };
    await using project = await makeProject({ files: { ...KNOWN.files, ...mine } });
    const { stderr } = requireSuccess(await project.run(['init', '--yes']));
    expect(await added(project)).toEqual(['warmbake.yaml']);
    for (const file of Object.keys(mine))
      expect(stderr).toContain(`warning: file-kept: '${file}' is there and stays`);
  });

  it.each<[string, readonly string[]]>([
    ['a folder above', ['--out', '../warmbake.yaml']],
    ['any place', ['--out', '/tmp/warmbake-init-nowhere/warmbake.yaml']],
    ['a schema elsewhere', ['--schema', '../schema.json']],
    ["git's own folder", ['--out', '.git/warmbake.yaml']],
  ])('writes outside of the checkout: %s', async (_, args) => {
    await using project = await makeProject(KNOWN);
    const { exitCode, stderr } = await project.run(['init', '--yes', ...args]);
    expect(stderr).toMatch(/is not in the checkout|is in a \.git of the checkout/);
    expect(exitCode).toBe(2);
    expect((await readdir(path.join(project.path, '..'))).filter((name) => /yaml|json/.test(name))).toEqual(
      [],
    );
  });

  it('follows a link of the checkout: a folder that leads out, a file by the name', async () => {
    await using project = await makeProject({ files: BAKE });
    const outside = path.join(project.path, '../outside');
    await mkdir(outside);
    await symlink(outside, path.join(project.path, '.github'));
    const { exitCode, stderr } = await project.run(['init', '--yes', '--ci', 'github']);
    expect(stderr).toContain("'.github' is no folder");
    expect(exitCode).toBe(2);
    expect(await readdir(outside)).toEqual([]);
    await symlink(path.join(outside, 'x'), path.join(project.path, 'warmbake.yaml'));
    expect(await project.run(['init', '--yes'])).toMatchObject({ exitCode: 4 });
  });

  it('reads a bake file that leads out of the checkout', async () => {
    await using project = await makeProject({ files: WORKFLOW });
    await writeFile(path.join(project.path, '../private.hcl'), 'target "private" {}\n');
    await symlink('../private.hcl', path.join(project.path, 'docker-bake.hcl'));
    const { exitCode, stderr } = await project.run(['init', '--yes']);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('there is no bake file here'),
    });
    expect(await project.run(['init', '--yes', '--bake', 'docker-bake.hcl'])).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('is a link out of'),
    });
  });

  it('works outside of a checkout, or on a Compose file: it says what to do', async () => {
    await using project = await makeProject({ files: { 'compose.yaml': 'services: {}\n' } });
    expect(await project.run(['init', '--yes'])).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/docker buildx bake -f compose\.yaml --print > docker-bake\.json/),
    });
    expect(await project.run(['init', '--yes'], { cwd: '..' })).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('there is no git checkout at'),
    });
  });
});
