import fc from 'fast-check';
import { judgeDefinition } from '../../src/bake/judge.ts';
import { whereabouts } from '../../src/bake/real-place.ts';
import { type AskedBuildx, type Printed, askedBuildx } from './asked-buildx.ts';
import { type HostileTree, makeHostileTree } from './hostile-tree.ts';
import { KINDS, type Spelled, type Target, spelledTargets } from './spellings.ts';

/** How many targets were written, and what became of them. */
export interface Comparison {
  readonly written: number;
  /** Of them those that bake could read, and hence those that anything was said of. */
  readonly judged: number;
  readonly accepted: number;
  readonly refused: number;
  /** Of the refused ones those that buildx was asked about: it refuses them too, or it would have built them. */
  readonly refusedByBoth: number;
  readonly refusedByUsOnly: number;
  /** Accepted by us, and buildx asks for leave: none may be. */
  readonly milder: readonly (Spelled & { readonly asked: readonly string[] })[];
  /** Accepted by us, and buildx fails before it asks. */
  readonly failed: readonly (Spelled & { readonly error: string })[];
}

/** What is compared. */
export interface ComparedVerdicts {
  /** Targets a seed. */
  readonly targets: number;
  readonly seeds: readonly number[];
  /** The program whose print is judged. */
  readonly prints: string;
  /** The program whose check is the measure. */
  readonly checks: string;
  /** Of a seed's refused targets so many are asked about too. */
  readonly alsoAsked: number;
}

/** Printed under its own name, so that many fit into one file. */
interface Subject {
  readonly spelled: Spelled;
  readonly printed: Printed;
  readonly name: string;
}

/** So many go into one file, or one target. */
const TOGETHER = 60;
/** Processes beside each other. */
const SIDE_BY_SIDE = 3;

/** Judges generated targets as they are printed, and asks buildx about what would be baked of them. */
export async function comparison(compared: ComparedVerdicts): Promise<Comparison> {
  await using tree = await makeHostileTree();
  await using prints = await askedBuildx(compared.prints, tree.root);
  await using checks = await askedBuildx(compared.checks, tree.root);
  const { targets: numRuns, seeds, alsoAsked } = compared;
  const all: Comparison[] = [];
  for (const seed of seeds) {
    const written = fc.sample(spelledTargets(tree), { seed, numRuns });
    const subjects = await printed(prints, written);
    const verdicts = subjects.map((subject) => ({ subject, refused: isRefused(subject, tree) }));
    const accepted = verdicts.filter((v) => !v.refused).map((v) => v.subject);
    const refused = verdicts.filter((v) => v.refused).map((v) => v.subject);
    const answers = (await eachOf(questions(accepted), async (some) => await askAll(checks, some))).flat();
    const further = await eachOf(spread(refused, alsoAsked), async (subject) => {
      const { asked, error } = await checks.ask(subject.printed, subject.name);
      return error !== undefined || asked.length > 0;
    });
    all.push({
      written: written.length,
      judged: subjects.length,
      accepted: accepted.length,
      refused: refused.length,
      refusedByBoth: further.filter((too) => too).length,
      refusedByUsOnly: further.filter((too) => !too).length,
      milder: answers
        .filter(({ asked }) => asked.length > 0)
        .map(({ subject, asked }) => ({ ...subject.spelled, asked })),
      failed: answers.flatMap(({ subject, error }) =>
        error === undefined ? [] : [{ ...subject.spelled, error }],
      ),
    });
  }
  const sum = (count: (one: Comparison) => number): number => all.reduce((n, one) => n + count(one), 0);
  return {
    written: sum((c) => c.written),
    judged: sum((c) => c.judged),
    accepted: sum((c) => c.accepted),
    refused: sum((c) => c.refused),
    refusedByBoth: sum((c) => c.refusedByBoth),
    refusedByUsOnly: sum((c) => c.refusedByUsOnly),
    milder: all.flatMap((c) => c.milder),
    failed: all.flatMap((c) => c.failed),
  };
}

async function printed(buildx: AskedBuildx, written: readonly Spelled[]): Promise<readonly Subject[]> {
  const named = written.map((spelled, i) => ({ spelled, name: `t${i}` }));
  const print = async (some: readonly (typeof named)[number][]): Promise<readonly Subject[]> => {
    const prints = await buildx.print(some.map(({ spelled, name }) => fileOf(spelled, name)));
    return some.flatMap((subject, i) => {
      const one = prints[i];
      return one === undefined ? [] : [{ ...subject, printed: one }];
    });
  };
  return (await eachOf(chunks(named, TOGETHER), print)).flat();
}

function fileOf({ target, linked }: Spelled, name: string): Readonly<Record<string, Target>> {
  if (linked === undefined) return { [name]: target };
  const given = target['contexts'] as Target | undefined;
  const contexts = { ...given, link: `target:${name}-linked` };
  return { [name]: { ...target, contexts }, [`${name}-linked`]: linked };
}

function isRefused({ printed: { target } }: Subject, tree: HostileTree): boolean {
  const limits = {
    root: tree.root,
    allow: [],
    permit: [],
    variables: [],
    environment: [],
    resolve: whereabouts,
  };
  return judgeDefinition({ target }, limits).length > 0;
}

/** Those that can be asked about together, and each other alone. */
function questions(subjects: readonly Subject[]): readonly (readonly Subject[])[] {
  return [...KINDS, undefined].flatMap((kind) => {
    const some = subjects.filter(({ spelled }) => spelled.alone === kind);
    return chunks(some, kind === undefined ? 1 : TOGETHER);
  });
}

interface Answer {
  readonly subject: Subject;
  readonly asked: readonly string[];
  readonly error?: string;
}

/** Asks about several as one; where that is not answered with nothing, about each half. */
async function askAll(buildx: AskedBuildx, subjects: readonly Subject[]): Promise<readonly Answer[]> {
  const [first] = subjects;
  if (first === undefined) return [];
  const together =
    subjects.length === 1 ? first.printed : { ...first.printed, target: { [first.name]: joined(subjects) } };
  const answer = await buildx.ask(together, first.name);
  if (subjects.length === 1) return [{ subject: first, ...answer }];
  if (answer.asked.length === 0 && answer.error === undefined) {
    return subjects.map((subject) => ({ subject, asked: [] }));
  }
  const half = subjects.length >> 1;
  return [
    ...(await askAll(buildx, subjects.slice(0, half))),
    ...(await askAll(buildx, subjects.slice(half))),
  ];
}

/** One target with everything that `subjects` have in the attribute that is their own. */
function joined(subjects: readonly Subject[]): Target {
  const own = subjects.map(({ printed: { target }, name, spelled: { alone = '' } }) => target[name]?.[alone]);
  const attribute = subjects[0]?.spelled.alone ?? '';
  return { [attribute]: attribute === 'contexts' ? (Object.assign({}, ...own) as object) : own.flat() };
}

function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

/** So many of `all`, from everywhere. */
function spread<T>(all: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, all.length / Math.max(1, count));
  return all.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step)).slice(0, count);
}

async function eachOf<T, R>(all: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const left = all.map((item, i) => ({ item, i }));
  const done = new Map<number, R>();
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      done.set(next.i, await work(next.item));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return all.flatMap((_, i) => {
    const r = done.get(i);
    return r === undefined ? [] : [r];
  });
}
