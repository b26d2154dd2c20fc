import { claimOf, contradiction, type Statement } from './contradiction.ts';

/** A donor, as far as its word about blobs goes. */
export interface Witness {
  readonly id: string;
  /** Higher is more. */
  readonly trust: number;
  /** Does not contradict itself. */
  readonly statement: Statement;
}

/** One that is not believed, and why, in a phrase for people. */
export interface Doubted {
  readonly id: string;
  readonly because: string;
}

/**
 * Who is not believed where witnesses contradict each other about blobs. The most trusted are heard first; whoever contradicts one that
 * is believed already is not, so that no number of less trusted ones keeps a more trusted one out. Among equals the one that contradicts
 * most others goes, again and again, until the rest agrees: as long as each liar contradicts more honest ones than there are liars, exactly the
 * liars go, and one alone costs only itself. Who would contradict nobody that is left is taken back.
 *
 * Depends on nothing but what is said and the trust: not on order or names, and the same said twice counts once.
 */
export function doubtedAmong(witnesses: readonly Witness[]): readonly Doubted[] {
  const believed: Voice[] = [];
  const voices = voicesOf(witnesses);
  const disagree = disagreementsOf(voices);
  for (const trust of new Set(voices.map((voice) => voice.trust))) {
    const equals = voices.filter((voice) => voice.trust === trust);
    const heard = equals.filter((voice) => !believed.some((other) => disagree(voice, other)));
    believed.push(...agreeing(heard, disagree));
  }
  const texts = new Set(believed.map(({ text }) => text));
  return witnesses
    .filter(({ statement }) => !texts.has(textOf(statement)))
    .map(({ id, statement }) => ({ id, because: disagreement(statement, believed) }));
}

function disagreement(statement: Statement, believed: readonly Voice[]): string {
  const disputes = believed.flatMap((voice) => {
    const dispute = disputeBetween(voice.statement, statement);
    return dispute === undefined ? [] : [`${voice.id} about ${dispute}`];
  });
  const others = disputes.length === 1 ? '' : `, and with ${disputes.length - 1} more`;
  return `disagreement with ${disputes[0]}${others}`;
}

/** Witnesses that say the same are one. */
interface Voice extends Witness {
  readonly text: string;
}

/** The most trusted first, equals by what they say. */
function voicesOf(witnesses: readonly Witness[]): readonly Voice[] {
  const voices = new Map<string, Voice>();
  for (const witness of witnesses) {
    const text = textOf(witness.statement);
    const known = voices.get(text);
    if (known === undefined || isFirst(witness, known)) voices.set(text, { ...witness, text });
  }
  return [...voices.values()].toSorted((a, b) => b.trust - a.trust || (a.text < b.text ? -1 : 1));
}

function textOf(statement: Statement): string {
  return [...statement.values()].map(claimOf).toSorted().join('\n');
}

function isFirst(one: Witness, other: Witness): boolean {
  return one.trust > other.trust || (one.trust === other.trust && one.id < other.id);
}

type Disagree = (one: Voice, other: Voice) => boolean;

/** Each two are compared once: lists can be long. */
function disagreementsOf(voices: readonly Voice[]): Disagree {
  const against = new Map(
    voices.map((voice) => [
      voice,
      new Set(voices.filter((other) => disputeBetween(voice.statement, other.statement) !== undefined)),
    ]),
  );
  return (one, other) => against.get(one)?.has(other) === true;
}

function agreeing(voices: readonly Voice[], disagree: Disagree): readonly Voice[] {
  let left = voices;
  const gone: Voice[] = [];
  for (;;) {
    const counts = left.map((voice) => left.filter((other) => disagree(voice, other)).length);
    const most = Math.max(0, ...counts);
    const worst = left[counts.lastIndexOf(most)];
    if (most === 0 || worst === undefined) break;
    left = left.filter((voice) => voice !== worst);
    gone.unshift(worst);
  }
  for (const voice of gone) if (!left.some((other) => disagree(voice, other))) left = [...left, voice];
  return left;
}

/** The first blob that the second one says something else of. */
function disputeBetween(one: Statement, other: Statement): string | undefined {
  for (const [digest, layer] of other) {
    const known = one.get(digest);
    const two = known === undefined ? undefined : contradiction(known, layer);
    if (two !== undefined) return `the blob ${digest}: ${two}`;
  }
  return undefined;
}
