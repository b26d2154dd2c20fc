import { createRequire } from 'node:module';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';

/** A pipeline as it would be made. */
export interface Preview {
  /** With all that is included. */
  readonly yaml: string;
  /** Why GitLab would make none; '' where it would. */
  readonly problem: string;
}

const PROGRAM = createRequire(import.meta.url).resolve('gitlab-ci-local/dist/index.js');

/** It wants a method of sets that Node has since 22. */
const UNION = 'Set.prototype.union ??= function (other) { return new Set([...this, ...other]); };';

/**
 * What gitlab-ci-local makes of the files of a project, in a new repository at `folder`: it reads `include`, `spec:inputs` and `extends`
 * as GitLab does, and compares with the schema that GitLab publishes (`editor/schema/ci.json`), which it carries.
 */
export async function gitlabPreview(
  folder: string,
  files: Readonly<Record<string, unknown>>,
): Promise<Preview> {
  await rm(folder, { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : stringify(content));
  }
  const git = async (...args: readonly string[]): Promise<void> =>
    void (await execa('git', ['-c', 'user.name=n', '-c', 'user.email=n@example.com', ...args], {
      cwd: folder,
    }));
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', 'https://gitlab.example.com/acme/app.git');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=x');
  await git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  await git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  const preload = `data:text/javascript,${encodeURIComponent(UNION)}`;
  const ended = await execa(process.execPath, ['--import', preload, PROGRAM, '--preview'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' },
    extendEnv: false,
    reject: false,
  });
  if (ended.exitCode === 0) return { yaml: ended.stdout, problem: '' };
  return { yaml: '', problem: `${ended.stdout}\n${ended.stderr}` };
}
