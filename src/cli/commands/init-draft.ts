import { askBake, type BakeFacts } from '../../init/ask-bake.ts';
import { bakeChoice } from '../../init/bake-choice.ts';
import type { Draft } from '../../init/draft.ts';
import { lookAround } from '../../init/look.ts';
import { registryChoice, withOwner } from '../../init/registry-choice.ts';
import { branchChoice, repositoryChoice } from '../../init/repository-choice.ts';
import { INIT_SYSTEMS } from '../../init/seen-files.ts';
import { systemChoice } from '../../init/system-choice.ts';
import { draftTargets, leftOut, targetChoice } from '../../init/target-choice.ts';
import type { Warning } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { type Input, textOption } from '../command.ts';
import { answersOf } from './init-answers.ts';

/** What the files are written from, and how it came about. */
export interface Drafted {
  readonly draft: Draft;
  readonly facts: BakeFacts;
  readonly bakeBecause: string;
  readonly systemBecause: string;
  readonly warnings: readonly Warning[];
}

/**
 * Looks at the checkout whose top is `host.cwd`, asks bake and, for what neither says, the person at the terminal. Throws `usage` where there
 * is nobody, naming everything that is open.
 */
export async function makeDraft(
  host: Host,
  input: Input,
  where: Pick<Draft, 'file' | 'schema'>,
): Promise<Drafted> {
  const { take, assumed, requireAll } = answersOf(host, input);
  const { seen, texts, remotes, branches, logins } = await lookAround(host);
  const bake = await take('--bake', () => bakeChoice(seen, texts));
  const bakeFiles = bake.value.split(',');
  const facts = await askBake(host, bakeFiles);
  const { defined } = facts;
  const targets = await take('--target', () => targetChoice(defined), { names: defined.names });
  const chosen = targets.value.split(',');
  const repository = await take('--repository', () => repositoryChoice(remotes));
  const trustedBranch = await take('--trusted-branch', () => branchChoice(branches));
  const registry = await take('--registry', () =>
    registryChoice({ ...namesInUse(facts), repository: repository.value, logins }),
  );
  const system = await take('--ci', () => systemChoice(seen, repository.value));
  requireAll();
  const draft: Draft = {
    ...where,
    repository,
    trustedBranch,
    registry: { ...registry, value: withOwner(registry.value, repository.value) },
    bakeFiles,
    variables: facts.variables,
    targets: draftTargets(chosen, defined),
    targetsBecause: targets.because,
    others: leftOut(chosen, defined),
    system: INIT_SYSTEMS.find((known) => known === system.value) ?? 'other',
    program: textOption(input, 'program') ?? programOf(seen.launcher),
  };
  const warnings = [...composeWarnings(seen.compose, bakeFiles), ...assumed()];
  return { draft, facts, bakeBecause: bake.because, systemBecause: system.because, warnings };
}

/** References of what the files would push and cache, as bake says. */
function namesInUse({ survey }: BakeFacts): {
  readonly tags: readonly string[];
  readonly caches: readonly string[];
} {
  const targets = [...(survey?.targets.values() ?? [])];
  return {
    tags: targets.flatMap(({ tags }) => tags),
    caches: targets
      .flatMap(({ cacheTo, cacheFrom }) => [...cacheTo, ...cacheFrom])
      .flatMap(({ type, ref }) => (type === 'registry' && ref !== undefined ? [ref] : [])),
  };
}

/** The launcher's path stands in a line of shell. */
function programOf(launcher: string | undefined): string {
  return launcher !== undefined && /^[\w./-]+$/.test(launcher) ? `sh ${launcher}` : 'warmbake';
}

/** Bare bake reads them first, and the bake files over them. */
function composeWarnings(compose: readonly string[], bakeFiles: readonly string[]): readonly Warning[] {
  const [file] = compose;
  if (file === undefined || bakeFiles.some((one) => one.includes('/'))) return [];
  const message = `bare \`docker buildx bake\` reads ${file} too, warmbake reads no Compose file: services that are defined there alone are not built`;
  return [{ code: 'compose-not-read', message }];
}
