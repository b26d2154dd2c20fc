import path from 'node:path';
import { type OutputChunk, type Plugin, build } from 'rolldown';
import { packerFiles } from '../src/ami/packer/files.ts';
import { PROJECT } from '../parts/project.ts';

/** The tool as CommonJS modules, by the names under which they require each other; `./main.cjs` is the first. */
export interface Pieces {
  readonly texts: Readonly<Record<string, string>>;
  /** Absolute paths of the modules in them. */
  readonly modules: readonly string[];
  /** Names of those without a module of another package. */
  readonly own: readonly string[];
  /** Name of the one that `warmbake build` loads for its work. */
  readonly first: string;
}

/** Imported by nothing else than the command that needs it. */
const BUILD = 'src/cli/commands/build-loaded.ts';

/** Cuts the tool at its dynamic imports, so that a command compiles only what it needs. */
export async function makePieces(): Promise<Pieces> {
  const { output } = await build({
    input: path.join(PROJECT, 'src/main.ts'),
    cwd: PROJECT,
    platform: 'node',
    // AWS's clients as modules: what is not used of them is left out, nine tenths of EC2's.
    resolve: { mainFields: ['module', 'main'] },
    plugins: [await packerInside()],
    output: {
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name]-[hash].cjs',
      // `require` instead: code that V8 takes from a file has nobody who would do an `import()` for it.
      dynamicImportInCjs: false,
    },
    write: false,
  });
  const chunks = output.filter((file): file is OutputChunk => file.type === 'chunk');
  const first = chunks.find(({ facadeModuleId }) => facadeModuleId === path.join(PROJECT, BUILD));
  if (first === undefined) throw new Error(`no piece begins with ${BUILD}`);
  return {
    first: `./${first.fileName}`,
    texts: Object.fromEntries(chunks.map(({ fileName, code }) => [`./${fileName}`, withoutShebang(code)])),
    modules: chunks.flatMap((chunk) => chunk.moduleIds.filter((id) => path.isAbsolute(id))),
    own: chunks
      .filter(({ moduleIds }) => moduleIds.every((id) => id.startsWith(path.join(PROJECT, 'src/'))))
      .map(({ fileName }) => `./${fileName}`),
  };
}

/** One file has no files beside it: the module that reads Packer's template becomes one that holds it. */
async function packerInside(): Promise<Plugin> {
  const code = `const FILES = ${JSON.stringify(await packerFiles())};
export async function packerFiles() { return FILES; }
`;
  const module = path.join(PROJECT, 'src/ami/packer/files.ts');
  return { name: 'packer-inside', load: (id) => (id === module ? { code, moduleType: 'js' } : null) };
}

function withoutShebang(code: string): string {
  return code.replace(/^#!.*\n/, '');
}
