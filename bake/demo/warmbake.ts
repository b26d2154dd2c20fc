import path from 'node:path';
import { execa } from 'execa';
import { PROJECT } from '../../parts/project.ts';

/** Where and with what environment a command runs. */
export interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Keeps what it prints out of the demo's output. */
  readonly quiet?: boolean;
}

/** Runs the built command line; answers with its standard output. Throws where it fails. */
export async function warmbake(argv: readonly string[], { cwd, env, quiet = false }: Place): Promise<string> {
  const colour = process.env['NO_COLOR'] === undefined ? {} : { NO_COLOR: '1' };
  const { stdout } = await execa(process.execPath, [path.join(PROJECT, 'dist/src/main.js'), ...argv], {
    cwd,
    env: { ...env, ...colour, AWS_EC2_METADATA_DISABLED: 'true' },
    extendEnv: false,
    stdin: 'ignore',
    stdout: quiet ? 'pipe' : ['pipe', 'inherit'],
    stderr: quiet ? 'pipe' : 'inherit',
  });
  return stdout;
}
