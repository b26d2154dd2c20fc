// Part of `npm run build`: the program as the npm package has it. A few files in place of the hundreds that it is made of,
// because loading them is most of what a short command takes.
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT } from '../parts/project.ts';
import { configurationSchema, PACKAGED_SCHEMA } from '../src/cli/documents.ts';
import { compilePieces } from './compile.ts';
import { licencesText } from './licences.ts';
import { loaderText } from './loader.ts';
import { makePieces } from './pieces.ts';

const out = path.join(PROJECT, 'dist/program');
const { texts, modules, own, first } = await makePieces();
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
for (const [name, text] of Object.entries(texts)) await writeFile(path.join(out, name), text);
const program = path.join(out, 'warmbake.cjs');
await writeFile(program, loaderText({ in: 'files' }));
await chmod(program, 0o755);
await writeFile(path.join(out, 'LICENCES.txt'), await licencesText(modules));
// What the first line of a configuration in a project that has this package can point at.
await writeFile(path.join(out, PACKAGED_SCHEMA), await configurationSchema());
await compilePieces(out, { own, first });
