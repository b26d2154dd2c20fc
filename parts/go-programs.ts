import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PARTS } from './project.ts';

/** Programs of one Go module. */
export interface GoModule {
  readonly module: string;
  /** `v1.2.3` */
  readonly version: string;
  /** Its checksum as `go.sum` has it; those of what it needs are in its own `go.sum`. */
  readonly sum: string;
  /** Packages by the name that their program gets. */
  readonly programs: Readonly<Record<string, string>>;
  /** Variables that a release of it is linked with. */
  readonly linked?: Readonly<Record<string, string>>;
}

/** Folders below `.parts/` for what is built here; each is complete or absent. */
export const BUILT_FOLDERS = ['buildx-newest', 'buildkit-newest', 'packer-newest'] as const;
export type BuiltFolder = (typeof BUILT_FOLDERS)[number];

/** The newest whose modules, and all that they need, the module proxy gave when this was written. */
const MODULES: Readonly<Record<BuiltFolder, readonly GoModule[]>> = {
  'buildx-newest': [
    {
      module: 'github.com/docker/buildx',
      version: 'v0.37.2',
      sum: 'h1:6EYElyvQe7aPnp2yDmCLa4/0jXYs8dAHfWKVO6dsFwA=',
      programs: { 'docker-buildx': './cmd/buildx' },
      linked: { 'github.com/docker/buildx/version.Version': 'v0.37.2' },
    },
  ],
  'buildkit-newest': [
    {
      module: 'github.com/moby/buildkit',
      version: 'v0.33.1',
      sum: 'h1:UUrdifmRdRadykO+f5l8BT1CseUXst2sJHV7AmkjjxE=',
      programs: { buildkitd: './cmd/buildkitd', buildctl: './cmd/buildctl' },
      linked: { 'github.com/moby/buildkit/version.Version': 'v0.33.1' },
    },
  ],
  'packer-newest': [
    {
      module: 'github.com/hashicorp/packer',
      version: 'v1.15.1',
      sum: 'h1:QowuYScXHJwCjLm8x8rRfV++76Nkk7oqzBY0PyOYyh0=',
      programs: { packer: '.' },
    },
    {
      module: 'github.com/hashicorp/packer-plugin-amazon',
      version: 'v1.8.2',
      sum: 'h1:fNNWpbfky9+KY9+qZWgfTGjdDUOvVag8rC3gEUWkjOY=',
      programs: { 'packer-plugin-amazon': '.' },
    },
  ],
};

/** What is built into a folder. */
export function modulesOf(folder: BuiltFolder): readonly GoModule[] {
  return MODULES[folder];
}

/** File in a folder that says what was built into it; written last, so its presence means: complete. */
export const BUILT_STAMP = 'modules.json';

/** What a complete folder says in its {@link BUILT_STAMP}. */
export function builtStampOf(folder: BuiltFolder): string {
  return `${JSON.stringify(MODULES[folder])}\n`;
}

/** Path of a built folder; `undefined` where it is absent, or was built of other modules. */
export async function builtFolder(folder: BuiltFolder): Promise<string | undefined> {
  const path = join(PARTS, folder);
  const stamp = await readFile(join(path, BUILT_STAMP), 'utf8').catch(() => '');
  return stamp === builtStampOf(folder) ? path : undefined;
}
