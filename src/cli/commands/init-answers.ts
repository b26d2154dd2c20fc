import { bakeFilePath } from '../../config/fields.ts';
import { sections } from '../../config/schema.ts';
import type { Choice, InitOption, InitQuestion } from '../../init/choice.ts';
import type { Sourced } from '../../init/draft.ts';
import { INIT_SYSTEMS } from '../../init/seen-files.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import type { Warning } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { nearest } from '../../platform/nearest.ts';
import { parseRepository } from '../../registry/reference.ts';
import { linePart } from '../parts.ts';
import { type Input, flag, listOption, textOption } from '../command.ts';

/** How questions are answered: by options, by the person at the terminal, or by what is taken where nobody answers. */
export interface Answers {
  /** `names` are those that an answer to `--target` can have. Throws `usage` for an option's value that cannot be. */
  readonly take: (
    option: InitOption,
    choice: () => Choice,
    limits?: { readonly names?: readonly string[] },
  ) => Promise<Sourced>;
  /** What was taken without anybody having said it. */
  readonly assumed: () => readonly Warning[];
  /** Throws `usage` where something is not known and nobody could be asked. */
  readonly requireAll: () => void;
}

/** Tries of somebody who answers with what cannot be. */
const TRIES = 3;

/** The answers of one call. */
export function answersOf(host: Host, input: Input): Answers {
  const assumed: Warning[] = [];
  const unanswered: InitQuestion[] = [];
  return {
    take: async (option, choose, { names = [] } = {}) => {
      const said = saidBy(input, option);
      if (said !== undefined) {
        const problem = problemWith(option, said, names);
        if (problem !== undefined) throw wrong(option, problem);
        return { value: said, because: `${option} says so` };
      }
      // What is said needs not be looked for.
      const choice = choose();
      if (choice.kind === 'known') return choice;
      const { question } = choice;
      if (!flag(input, 'yes')) {
        if (host.ask !== undefined) return await askPerson(host.ask, question, names);
        unanswered.push(question);
      }
      assumed.push(assumption(question));
      return { value: question.fallback, because: question.because };
    },
    assumed: () => assumed,
    requireAll: () => {
      if (unanswered.length === 0) return;
      const open = unanswered.map(({ what, option }) => `${what} (${option})`);
      throw new WarmbakeError(
        'usage',
        'not-answered',
        `the checkout does not say these, and nobody can be asked here:\n${open.join('\n')}`,
        { hint: `give the options, or --yes to take ${unanswered.map(taken).join(', ')}` },
      );
    },
  };
}

async function askPerson(
  ask: NonNullable<Host['ask']>,
  question: InitQuestion,
  names: readonly string[],
): Promise<Sourced> {
  const { option, what, about, fallback, because, isPlaceholder } = question;
  let problem: string | undefined;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const lines = problem === undefined ? ['', ...about.map((line) => `  ${line}`)] : [`  ${problem}`];
    const answer = (await ask(lines.map(linePart), `${what} [${fallback}]: `))?.trim();
    // Who ends the input wants to stop, and takes nothing that is proposed.
    if (answer === undefined) throw unansweredBy(question);
    const value = answer === '' ? fallback : answer;
    if (value === fallback && isPlaceholder === true) return { value, because };
    problem = problemWith(option, value, names);
    if (problem === undefined) return { value, because: 'as answered' };
  }
  throw wrong(option, problem ?? '');
}

function unansweredBy({ what, option }: InitQuestion): WarmbakeError {
  return new WarmbakeError('usage', 'not-answered', `${what}: the input ended, and nothing was written`, {
    hint: `answer with enter to take what is proposed, or give ${option}`,
  });
}

function saidBy(input: Input, option: InitOption): string | undefined {
  const name = option.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const all = listOption(input, name);
  return all.length > 0 ? all.join(',') : textOption(input, name);
}

/** What is wrong with a value; nothing where it can be. */
function problemWith(option: InitOption, value: string, names: readonly string[]): string | undefined {
  switch (option) {
    case '--registry':
      return parseRepository(`${value}/x`) === undefined
        ? `'${value}' is no registry; write host[:port][/path], without scheme`
        : undefined;
    case '--repository':
      return sections.repository.safeParse(value).error?.issues[0]?.message;
    case '--trusted-branch':
      return sections.trustedBranch.safeParse(value).error?.issues[0]?.message;
    case '--ci':
      return INIT_SYSTEMS.some((system) => system === value)
        ? undefined
        : `'${value}' is none of ${INIT_SYSTEMS.join(', ')}`;
    case '--bake':
      return value
        .split(',')
        .map((file) => bakeFilePath.safeParse(file).error?.issues[0]?.message)
        .find((message) => message !== undefined);
    case '--target':
      return value
        .split(',')
        .filter((name) => !names.includes(name))
        .map((name) => {
          const meant = nearest(name, names);
          const advice = meant === undefined ? `there are ${names.join(', ')}` : `did you mean '${meant}'?`;
          return `the bake files have no '${name}'; ${advice}`;
        })[0];
  }
}

function wrong(option: InitOption, problem: string): WarmbakeError {
  return new WarmbakeError('usage', 'bad-answer', `${option}: ${problem}`);
}

function taken({ option, fallback, isPlaceholder }: InitQuestion): string {
  return `${isPlaceholder === true ? 'the placeholder ' : ''}${fallback} for ${option}`;
}

function assumption({ what, option, fallback, because, isPlaceholder }: InitQuestion): Warning {
  return isPlaceholder === true
    ? {
        code: 'placeholder',
        message: `nothing names ${what}: '${fallback}' stands there instead; put yours there, or call this with ${option}`,
      }
    : { code: 'assumed', message: `${what}: ${fallback}, ${because}; ${option} says otherwise` };
}
