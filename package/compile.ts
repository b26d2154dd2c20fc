import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { Pieces } from './pieces.ts';
import { COMPILED, loaderText, SMALL, WRAPPER } from './loader.ts';

/** A configuration, so that what reads one is compiled too. */
const CONFIGURATION = `
repository: example.com/team/app
images: { registry: 127.0.0.1:1, trusted: images-main, untrusted: images-test }
cache: { registry: 127.0.0.1:1, trusted: cache-main, untrusted: cache-test }
bake: { files: [docker-bake.hcl], variables: { COMMIT: "\${commit}" } }
targets: { app: {} }
`;

type Kept = Pick<Pieces, 'own' | 'first'>;

/**
 * Writes at its end what V8 has made of the pieces until then; of our `own` all of it. V8 takes code of the same flags only,
 * so that each is as it was when the code is serialized.
 */
const keeping = ({ own, first }: Kept): string => `
const v8 = require('node:v8');
function compileWhole(name, text) {
  for (const flag of ['--no-lazy', '--no-compilation-cache']) v8.setFlagsFromString(flag);
  try {
    return new vm.Script(${JSON.stringify(WRAPPER[0])} + text.toString() + ${JSON.stringify(WRAPPER[1])}, {
      filename: path.join(__dirname, name),
    });
  } finally {
    for (const flag of ['--lazy', '--compilation-cache']) v8.setFlagsFromString(flag);
  }
}
const whole = new Set(${JSON.stringify(own)});
process.on('exit', () => {
  load(${JSON.stringify(first)});
  const parts = [...scripts].filter(([, { text }]) => text.length >= ${SMALL});
  const codes = [];
  let at = 0;
  const pieces = {};
  for (const [name, { script, text }] of parts) {
    const code = (whole.has(name) ? compileWhole(name, text) : script).createCachedData();
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
 * Loading is most of what the tool itself takes of a build whose layers are all there; with it, half of that. What a build does after
 * its start is not done here, so that pieces of our `own` are compiled to their end: 0.5 MB that spare a build 0.03 s of processor.
 */
export async function compilePieces(directory: string, kept: Kept): Promise<void> {
  const program = path.join(directory, 'compile.cjs');
  const checkout = await mkdtemp(path.join(tmpdir(), 'warmbake-compile-'));
  try {
    await writeFile(program, loaderText({ in: 'files' }).replace("load('./main.cjs');\n", keeping(kept)));
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
