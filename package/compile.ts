import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { COMPILED, loaderText } from './loader.ts';

/** A configuration, so that what reads one is compiled too. */
const CONFIGURATION = `
repository: example.com/team/app
images: { registry: 127.0.0.1:1, trusted: images-main, untrusted: images-test }
cache: { registry: 127.0.0.1:1, trusted: cache-main, untrusted: cache-test }
bake: { files: [docker-bake.hcl], variables: { COMMIT: "\${commit}" } }
targets: { app: {} }
`;

/** Writes at its end what V8 has made of the pieces until then. */
const KEEPING = `
process.on('exit', () => {
  const parts = [...scripts].filter(([name]) => name !== './main.cjs');
  const codes = [];
  let at = 0;
  const pieces = {};
  for (const [name, { script, text }] of parts) {
    const code = script.createCachedData();
    pieces[name] = [at, code.length, digestOf(text, code)];
    at += code.length;
    codes.push(code);
  }
  const head = JSON.stringify({ node: process.version, arch: process.arch, pieces }) + '\\n';
  fs.writeFileSync(path.join(__dirname, '${COMPILED}'), Buffer.concat([Buffer.from(head), ...codes]));
});
load('./main.cjs');
`;

/**
 * Puts {@link COMPILED} beside the pieces in `directory`: the code of what a build needs at its start, made by this Node, for this Node.
 * Loading is most of what the tool itself takes of a build whose layers are all there; with it, half of that.
 */
export async function compilePieces(directory: string): Promise<void> {
  const program = path.join(directory, 'compile.cjs');
  const checkout = await mkdtemp(path.join(tmpdir(), 'warmbake-compile-'));
  try {
    await writeFile(program, loaderText({ in: 'files' }).replace("load('./main.cjs');\n", KEEPING));
    await writeFile(path.join(checkout, 'warmbake.yaml'), CONFIGURATION);
    await writeFile(path.join(checkout, 'docker-bake.hcl'), 'variable "COMMIT" {}\ntarget "app" {}\n');
    // How it ends is nobody's: with a docker it prints a plan, without one it says that there is none.
    await execa(process.execPath, [program, 'build', '--dry-run', '--offline'], {
      cwd: checkout,
      env: { PATH: process.env['PATH'] ?? '', HOME: checkout },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
    });
    await chmod(path.join(directory, COMPILED), 0o644);
  } finally {
    await rm(program, { force: true });
    await rm(checkout, { recursive: true, force: true });
  }
}
