import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { CONFIGURATION_FILE } from '../../config/find.ts';
import { settingsOfText } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import { checkoutPlace } from '../../context/checkout.ts';
import { expandTargets } from '../../image-step/expand-targets.ts';
import type { BakeFacts } from '../../init/ask-bake.ts';
import { ciStep } from '../../init/ci-step.ts';
import { configurationText } from '../../init/configuration-text.ts';
import { fileParts, foundParts, nextParts } from '../../init/init-parts.ts';
import { type PutFile, putNew, fileState } from '../../init/new-file.ts';
import { INIT_SYSTEMS } from '../../init/seen-files.ts';
import { WarmbakeError, messageOf } from '../../platform/errors.ts';
import type { Warning } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { type CommandOutcome, type CommandSpec, type Input, flag, never, textOption } from '../command.ts';
import { makeDraft } from './init-draft.ts';
import { editorSchema, pathInside } from './init-schema.ts';

/** `warmbake init`: the first configuration and the CI step, from what the checkout says. */
export const initCommand: CommandSpec = {
  description:
    'Look at the repository (bake files, remotes, branches, CI files, registry in use) and write warmbake.yaml with comments, its schema for editors, and the step of the CI system that is there. Asks only what the checkout does not say; writes nothing outside of it, and over nothing.',
  options: [
    { flags: '--out <file>', help: 'the configuration (default: warmbake.yaml at the top of the checkout)' },
    { flags: '--registry <registry>', help: 'where images and caches go: host[/path]' },
    { flags: '--repository <id>', help: 'the source repository: host/owner/name' },
    { flags: '--trusted-branch <branch>', help: 'the branch whose builds are trusted' },
    {
      flags: '--bake <file>',
      help: 'a bake file; several in the order in which bake reads them',
      repeatable: true,
    },
    {
      flags: '--target <name>',
      help: 'a target, group or matrix that CI builds; can be repeated',
      repeatable: true,
    },
    { flags: '--ci <system>', help: `${INIT_SYSTEMS.join(', ')}; other is printed`, choices: INIT_SYSTEMS },
    {
      flags: '--program <command>',
      help: 'how jobs start this tool (default: a committed warmbake.sh, else warmbake)',
    },
    {
      flags: '--schema <file>',
      help: 'where the schema for editors goes (default: .warmbake.schema.json beside the configuration)',
    },
    { flags: '--no-schema', help: 'without it' },
    { flags: '--yes', help: 'ask nothing: take what is proposed, and placeholders, and say which' },
    { flags: '--dry-run', help: 'write nothing; print the files' },
  ],
  examples: [
    'warmbake init',
    'warmbake init --registry ghcr.io/acme --ci github',
    'warmbake init --yes --dry-run',
  ],
  changesShared: never,
  run: init,
};

async function init(here: Host, input: Input): Promise<CommandOutcome> {
  const place = await checkoutPlace(here);
  if (place === undefined) {
    throw new WarmbakeError('config', 'checkout-unknown', `there is no git checkout at '${here.cwd}'`, {
      hint: 'a configuration describes a repository: call this in a checkout of it',
    });
  }
  const host = { ...here, cwd: place.top };
  const cwd = await realpath(here.cwd);
  const out = path.resolve(cwd, textOption(input, 'out') ?? path.join(host.cwd, CONFIGURATION_FILE));
  const file = pathInside(host.cwd, out, '--out');
  const isDry = flag(input, 'dryRun');
  if (!isDry) await requireNone(host.cwd, file);

  const schema = await editorSchema(host, input, { file, cwd });
  const reference = schema === undefined ? {} : { schema: schema.reference };
  const drafted = await makeDraft(host, input, { file, ...reference });
  const { draft, facts } = drafted;
  const text = configurationText(draft);
  const { settings } = settingsOfText(text, { file, root: host.cwd });
  const step = ciStep(draft, settings.targets);
  const files = [
    ...(schema?.written === undefined ? [] : [schema.written]),
    ...(step.file === undefined ? [] : [{ file: step.file, text: step.text }]),
    // Last: where something before fails, the next call is not refused for it.
    { file, text },
  ];
  const written = await putNew(host.cwd, files, { isDry });
  const warnings = [...drafted.warnings, ...doubts(facts, settings), ...keptWarnings(written)];
  for (const warning of warnings) host.emit({ type: 'warning', warning });
  return {
    json: {
      files: written,
      repository: draft.repository.value,
      trustedBranch: draft.trustedBranch.value,
      registry: draft.registry.value,
      bakeFiles: draft.bakeFiles,
      targets: draft.targets,
      ci: draft.system,
      ...(step.file === undefined ? { step: step.text } : {}),
      next: step.beside,
      warnings,
    },
    ...(isDry ? { text: written.map((one) => `==> ${one.file}\n${one.text}\n`).join('') } : {}),
    page: [...foundParts(drafted), ...fileParts(written), ...nextParts(draft, { step, isDry })],
  };
}

async function requireNone(root: string, file: string): Promise<void> {
  if ((await fileState(root, { file, text: '' })) === 'planned') return;
  throw new WarmbakeError(
    'refused',
    'configuration-exists',
    `'${file}' is there, and init writes over nothing`,
    {
      hint: `change it by hand (\`warmbake schema config\` has all keys), or compare it with what init would write: warmbake init --dry-run`,
    },
  );
}

/** What may keep the first plan from passing. */
function doubts({ unasked, survey }: BakeFacts, settings: Settings): readonly Warning[] {
  if (survey === undefined) {
    const message = `bake was not asked what the files define, their text was read: ${unasked ?? ''}`;
    return [{ code: 'targets-not-resolved', message }];
  }
  try {
    expandTargets(settings, survey);
    return [];
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    return [{ code: 'needs-a-hand', message: `a plan will refuse this: ${messageOf(error)}` }];
  }
}

function keptWarnings(files: readonly PutFile[]): readonly Warning[] {
  return files
    .filter(({ state }) => state === 'exists')
    .map(({ file }) => ({
      code: 'file-kept',
      message: `'${file}' is there and stays as it is; \`warmbake init --dry-run\` prints what init would write`,
    }));
}
