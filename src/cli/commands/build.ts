import path from 'node:path';
import { failureOf, runBuild } from '../../image-step/build.ts';
import { closingOf } from '../../image-step/closing.ts';
import { openBuildServices } from '../../image-step/build-services.ts';
import { keepRecord, openRecords } from '../../image-step/record-store.ts';
import { resultDocument } from '../../image-step/result.ts';
import { errorDocument, messageOf, WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { jsonText } from '../../platform/outside-text.ts';
import { requireOwnFile, writeOwnFile } from '../../platform/own-file.ts';
import {
  CONFIG_OPTIONS,
  type CommandSpec,
  type Input,
  type CommandOutcome,
  flag,
  textOption,
  never,
} from '../command.ts';
import { type Loaded, loadForBuild } from '../loaded.ts';
import { LOCAL_OPTIONS, localWishes } from '../local-options.ts';
import { explain } from './explain.ts';
import { EXPECT_TAG_OPTION, expectedTag, planCommand } from './plan.ts';

/** `warmbake build`: the image-build step of CI. */
export const buildCommand: CommandSpec = {
  args: '[target...]',
  description:
    'Build configured targets (without names the default ones) with docker buildx bake: import the caches that exist, push what this build may write, and read back what was pushed. Outside of CI it only imports.',
  options: [
    ...CONFIG_OPTIONS,
    { flags: '--force', help: 'build although the image exists' },
    { flags: '--no-sccache', help: 'without sccache: the compile layer is shared with nobody' },
    { flags: '--push', help: 'outside of CI: push and export as an untrusted build' },
    { flags: '--offline', help: "do not ask which sources exist; import the trusted branch's" },
    { flags: '--result <file>', help: 'write the build record (JSON) to a file, also after a failure' },
    ...LOCAL_OPTIONS,
    EXPECT_TAG_OPTION,
    { flags: '--dry-run', help: 'the same as `warmbake plan`' },
    {
      flags: '--explain-context',
      help: 'only say what this build is and which refs follow; asks git, and no registry',
    },
  ],
  examples: [
    'warmbake build',
    'warmbake build test-ci',
    'warmbake build test-ci --config ci/warmbake.yaml --result result.json',
    'warmbake build test-ci --force',
    'warmbake build test-ci --load',
    'warmbake build test-ci --load --set test-ci.args.DEBUG=1',
    'warmbake build test-ci --explain-context --json',
  ],
  changesShared: never,
  // With these two the document is another one.
  notStarted: (input) => (flag(input, 'dryRun') || flag(input, 'explainContext') ? {} : NOT_STARTED),
  run,
};

/** As schema `result` has it. */
const NOT_STARTED = { outcome: 'failed' } as const;

async function run(host: Host, input: Input): Promise<CommandOutcome> {
  if (flag(input, 'dryRun')) return await planCommand.run(host, input);
  const wishes = localWishes(input);
  const loaded = await loadForBuild(host, input);
  if (flag(input, 'explainContext')) return await explain(loaded, input);
  const record = resultFile(loaded, input);
  if (record !== undefined) await requireOwnFile(record.file, record.where);
  const services = await openBuildServices(loaded.host, loaded.settings, {
    configuration: loaded,
    checkout: loaded.checkout,
  });
  try {
    const result = await runBuild(services, {
      targets: input.args,
      push: flag(input, 'push'),
      offline: flag(input, 'offline'),
      force: flag(input, 'force'),
      ...expectedTag(input),
      ...wishes,
    });
    const error = failureOf(result);
    const json = {
      ...resultDocument(result),
      ...(error === undefined ? {} : { error: errorDocument(error) }),
    };
    const unwritten = await writeResult(record, json);
    if (loaded.state !== undefined) {
      const targets = result.targets.map((t) => t.name);
      await keepRecord(loaded.host, openRecords(loaded.host, loaded.state, result.plan.context), {
        context: result.plan.context,
        targets,
        document: { schemaVersion: 1, ...json },
      });
    }
    if (error !== undefined && unwritten !== undefined) tellUnwritten(loaded.host, unwritten);
    const failure = error ?? unwritten;
    return { json, closing: closingOf(result), ...(failure === undefined ? {} : { error: failure }) };
  } catch (error) {
    const unwritten = await writeResult(record, { ...NOT_STARTED, error: errorDocument(error) });
    if (unwritten !== undefined) tellUnwritten(loaded.host, unwritten);
    throw error;
  } finally {
    await services.login.remove();
  }
}

interface ResultFile {
  readonly file: string;
  readonly where: { readonly root: string; readonly option: string };
}

function resultFile({ host, settings }: Loaded, input: Input): ResultFile | undefined {
  const file = textOption(input, 'result');
  if (file === undefined) return undefined;
  return { file: path.resolve(host.cwd, file), where: { root: settings.root, option: '--result' } };
}

/** Why the file could not be written; a build that failed has something more important to say. */
async function writeResult(
  record: ResultFile | undefined,
  document: object,
): Promise<WarmbakeError | undefined> {
  if (record === undefined) return undefined;
  const text = jsonText({ schemaVersion: 1, ...document }, { indent: 2 });
  try {
    await writeOwnFile(record.file, text, record.where);
    return undefined;
  } catch (error) {
    if (error instanceof WarmbakeError) return error;
    return new WarmbakeError('usage', 'file-not-written', `--result: cannot write '${record.file}'`, {
      cause: error,
    });
  }
}

function tellUnwritten({ emit }: Host, error: WarmbakeError): void {
  warn(emit, error.code, messageOf(error));
}
