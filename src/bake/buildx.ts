import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { ESCAPE_CANARY } from '../config/reserved-names.ts';
import { WarmbakeError, messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import { type Finished, explainExit, succeeded } from '../platform/process.ts';
import type { BuilderChoice } from './builder.ts';
import type { BuildxProgram } from './buildx-program.ts';
import { type Definition, parseDefinition } from './definition.ts';
import { ESCAPE_CANARY_FILE } from './escape-canary.ts';
import { refusedOverride } from './refused-override.ts';
import { jsonOrUndefined } from '../platform/json.ts';

/** One way to call bake: everything that decides what it resolves. */
export interface BakeCall {
  /** The repository's files, then the overlay. */
  readonly files: readonly string[];
  readonly targets: readonly string[];
  /** The complete environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly buildx: BuildxProgram;
  /** The checkout's root, against which bake resolves contexts. */
  readonly cwd: string;
  /** Entitlements that the definition asks for and may have; a buildx that does not know `--allow` knows none. */
  readonly allow?: readonly string[];
  /** Changes of what the files say, `TARGET.KEY=VALUE`. */
  readonly overrides?: readonly string[];
}

/**
 * What a buildx that bakes a judged definition is told. It asks nothing for paths outside of the working directory: `judgeDefinition` has
 * answered it, and to read them the build's own secret needs no leave (some versions ask with machine-readable progress too; older ones
 * do not know the variable). It does not ask git about contexts: a folder of the checkout can be a repository by itself, whose
 * settings name programs (`remote.*.uploadpack` of a partial clone), and git runs them here. Nor does it ask BuildKit, after the build, for
 * the provenance: of its report only digests are read, and that question takes 40 ms.
 */
export const AS_JUDGED = {
  BUILDX_BAKE_ENTITLEMENTS_FS: '0',
  BUILDX_GIT_INFO: '0',
  BUILDX_METADATA_PROVENANCE: 'disabled',
} as const;

/** The command line that {@link BakeCall} stands for, without progress and builder. */
export function bakeArguments(
  call: Pick<BakeCall, 'allow' | 'files' | 'overrides' | 'targets'>,
): readonly string[] {
  const allow = (call.allow ?? []).map((name) => `--allow=${name}`);
  const overrides = (call.overrides ?? []).map((text) => `--set=${text}`);
  return [...allow, ...overrides, ...call.files.flatMap((f) => ['-f', f]), ...call.targets];
}

/**
 * What bake makes of the files (`bake --print`; needs no engine). Writes one small file to the scratch directory. Throws `config` with
 * bake's own words.
 */
export async function printDefinition(host: Host, asked: BakeCall): Promise<Definition> {
  const canary = path.join(host.scratch, 'escapes.json');
  // Not awaited: everything that this process has to do meanwhile would come first.
  writeFileSync(canary, ESCAPE_CANARY_FILE);
  const call = { ...asked, files: [...asked.files, canary], targets: [...asked.targets, ESCAPE_CANARY] };
  const finished = await host.processes.run(
    {
      argv: [...call.buildx, 'bake', '--print', ...bakeArguments(call)],
      env: call.env,
      cwd: call.cwd,
      timeoutMs: 60_000,
    },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  if (succeeded(finished)) return parseDefinition(finished.stdout);
  if (finished.failure === 'not-found') throw dockerMissing();
  if (NO_BUILDX.test(finished.stderr)) throw buildxMissing();
  const words = bakeWords(finished);
  const { overrides = [], targets } = asked;
  const refused = refusedOverride({ words, overrides, targets });
  if (refused !== undefined) throw refused;
  const files = asked.files.filter((file) => !file.startsWith(host.scratch));
  const suspects = [...files, ...overrides.map((text) => `--set ${text}`)].join(', ');
  throw new WarmbakeError('config', 'bake-refuses', `bake cannot resolve the targets: ${words}`, {
    hint: secretHint(words) ?? `look at ${suspects}`,
  });
}

/** A secret without a source is one of the environment where bake has such a variable, else a file (`type=env` or not). */
function secretHint(words: string): string | undefined {
  const name = /^failed to stat ([A-Za-z_]\w*): /.exec(words)?.[1];
  if (name === undefined) return undefined;
  return `bake found no variable '${name}' for a secret: set it, and add '${name}' to bake.passthrough; or commit a file of that name`;
}

/** `null` where no file can declare any, as with Compose files. */
const listed = z
  .array(z.object({ name: z.string() }))
  .nullable()
  .transform((variables) => variables ?? []);

/**
 * Names of the variables that `files` declare. `bake --list` is asked where buildx has it (0.20 and later);
 * for older ones the files' text is read for `variable "NAME"`, which JSON and HCL share closely enough.
 */
export async function declaredVariables(host: Host, call: BakeCall): Promise<ReadonlySet<string>> {
  const finished = await host.processes.run(
    {
      argv: [
        ...call.buildx,
        'bake',
        ...call.files.flatMap((f) => ['-f', f]),
        '--list=type=variables,format=json',
      ],
      env: call.env,
      cwd: call.cwd,
      timeoutMs: 60_000,
    },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  if (succeeded(finished)) return new Set(listed.parse(JSON.parse(finished.stdout)).map((v) => v.name));
  const texts = await Promise.all(call.files.map(async (f) => await readBakeFile(path.resolve(call.cwd, f))));
  return new Set(texts.flatMap(variablesInText));
}

/** Names declared in the text of a bake file: `variable "NAME" {` in HCL, the keys of `"variable": {…}` in JSON. */
export function variablesInText(text: string): readonly string[] {
  const hcl = [...text.matchAll(/^[ \t]*variable[ \t]+"?([A-Za-z_][A-Za-z0-9_-]*)"?[ \t]*\{/gm)].map(
    (m) => m[1] ?? '',
  );
  if (hcl.length > 0 || !text.trimStart().startsWith('{')) return hcl;
  const parsed = z.object({ variable: z.record(z.string(), z.unknown()) }).safeParse(jsonOrUndefined(text));
  return parsed.success ? Object.keys(parsed.data.variable) : [];
}

/** Reads a bake file; throws `config` with its name where it cannot be read. */
export async function readBakeFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new WarmbakeError(
      'config',
      'bake-file-missing',
      `cannot read the bake file '${file}': ${messageOf(cause)}`,
      {
        cause,
        hint: 'bake.files is relative to the root of the repository',
      },
    );
  }
}

/** The arguments that make buildx create the builder of `choice`; it is not selected. */
export function createArguments(choice: BuilderChoice): readonly string[] {
  const common = ['create', '--name', choice.name, '--driver', choice.driver] as const;
  if (choice.driver === 'remote') return [...common, choice.endpoint ?? ''];
  return [...common, '--driver-opt', `image=${choice.image ?? ''}`];
}

/** True where `docker buildx create` failed because another job made a builder of this name a moment before. */
export function lostCreateRace(finished: Finished): boolean {
  return /existing instance for/.test(finished.stderr);
}

/** The lines of a failed buildx call that say something: its ERROR and what stands before it, without progress. */
export function bakeWords(finished: Finished): string {
  const lines = finished.stderr.split('\n').filter((line) => line.trim() !== '' && !/^#\d+ /.test(line));
  const words = lines.map((l) => l.replace(/^ERROR: /, '')).slice(-6);
  return words.length === 0 ? explainExit(finished) : words.join('\n  ').trim();
}

/** The docker CLI without the plugin, of several versions. */
const NO_BUILDX = /'buildx' is not a docker command|unknown command: docker buildx|unknown flag: --print/;

function buildxMissing(): WarmbakeError {
  return new WarmbakeError('outside', 'buildx-missing', 'the docker command has no buildx', {
    hint: 'install the package docker-buildx-plugin (docker-buildx on Debian), 0.13 or later, or put the program docker-buildx into ~/.docker/cli-plugins',
  });
}

function dockerMissing(): WarmbakeError {
  return new WarmbakeError('outside', 'docker-missing', 'the docker command is not on PATH', {
    hint: 'install the Docker CLI with buildx 0.13 or later',
  });
}
