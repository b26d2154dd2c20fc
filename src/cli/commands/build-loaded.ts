import { openReport } from '../../ci/report/open-report.ts';
import { failureOf, runBuild } from '../../image-step/build.ts';
import { closingOf } from '../../image-step/closing.ts';
import { openBuildServices } from '../../image-step/build-services.ts';
import { keepRecord, openRecords } from '../../image-step/record-store.ts';
import { outputsOf, outputVariables } from '../../image-step/outputs.ts';
import { resultDocument } from '../../image-step/result.ts';
import { errorDocument, messageOf, WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { jsonText } from '../../platform/outside-text.ts';
import { writeOwnFile } from '../../platform/own-file.ts';
import { type CommandOutcome, type Input, flag } from '../command.ts';
import { expectedTag } from '../expect-tag.ts';
import type { Loaded } from '../loaded.ts';
import type { localWishes } from '../local-options.ts';
import { type NamedFile, namedFile, writeDotenv } from '../told-build.ts';

/** The work of `warmbake build`. */
export async function buildLoaded(
  loaded: Loaded,
  input: Input,
  { wishes, notStarted }: { readonly wishes: ReturnType<typeof localWishes>; readonly notStarted: object },
): Promise<CommandOutcome> {
  const record = await namedFile(loaded, input, 'result');
  const dotenv = await namedFile(loaded, input, 'dotenv');
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
    await writeDotenv(loaded, dotenv, outputVariables(result));
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
    const unwritten = await writeResult(record, { ...notStarted, error: errorDocument(error) });
    if (unwritten !== undefined) tellUnwritten(loaded.host, unwritten);
    await writeDotenv(loaded, dotenv, outputVariables(NOT_BUILT));
    await openReport(loaded.host).setOutputs(outputsOf(NOT_BUILT));
    throw error;
  } finally {
    await services.login.remove();
  }
}

/** A build that could not start, or was interrupted. */
const NOT_BUILT = { outcome: 'failed', targets: [] } as const;

/** Why the file could not be written; a build that failed has something more important to say. */
async function writeResult(
  record: NamedFile | undefined,
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
