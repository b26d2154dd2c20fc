import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT } from '../parts/project.ts';

/** A file that a CI system is given. */
export interface DeliveryFile {
  /** Its path in the release folder. */
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

/** Where a copy of the launcher stands in the file that has it inside. */
const LAUNCHER_LINE = /^( *)@LAUNCHER@$/m;

/**
 * The forms for the CI systems that have one: a GitHub action, a GitLab component and a Buildkite plugin. Each starts `launcher` and
 * has it with it, so that one pinned text decides what runs.
 */
export async function deliveryFiles(launcher: string): Promise<readonly DeliveryFile[]> {
  const read = async (name: string): Promise<string> =>
    await readFile(path.join(PROJECT, 'package', name), 'utf8');
  const plugin = 'warmbake-buildkite-plugin';
  return [
    { name: 'github/action.yml', text: await read('github/action.yml'), mode: 0o644 },
    { name: 'github/run.sh', text: await read('github/run.sh'), mode: 0o755 },
    { name: 'github/warmbake.sh', text: launcher, mode: 0o755 },
    { name: `${plugin}/plugin.yml`, text: await read('buildkite-plugin/plugin.yml'), mode: 0o644 },
    { name: `${plugin}/hooks/command`, text: await read('buildkite-plugin/hooks/command'), mode: 0o755 },
    { name: `${plugin}/warmbake.sh`, text: launcher, mode: 0o755 },
    {
      name: 'gitlab/templates/warmbake.yml',
      text: withLauncher(await read('gitlab/templates/warmbake.yml'), launcher),
      mode: 0o644,
    },
  ];
}

/** Throws for a launcher that GitLab, its runner or the shell would change on the way. */
function withLauncher(template: string, launcher: string): string {
  const changed = /\$\[\[|\$\{\{|^END_OF_LAUNCHER$/m.exec(launcher);
  if (changed !== null) {
    throw new Error(`a launcher with '${changed[0]}' in it would not arrive as it is in a GitLab job`);
  }
  return template.replace(LAUNCHER_LINE, (_, indent: string) =>
    launcher.trimEnd().replaceAll(/^(?=.)/gm, indent),
  );
}
