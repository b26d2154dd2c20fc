import { expect, test } from 'vitest';
import { variablesInText } from '../../src/bake/buildx.ts';
import { lineAssembler } from '../../src/bake/log-lines.ts';
import { namesInText } from '../../src/bake/members.ts';
import { dockerfileStages } from '../../src/bake/stages.ts';
import { kindOf } from '../../src/bake/vertex.ts';
import { shownAddresses } from '../../src/platform/shown-addresses.ts';
import { startFailureIn } from '../../src/sccache/start-failure.ts';
import { classifyFailure } from '../../src/bake/failure.ts';
import { replay } from './replay.ts';

const LARGE = 40_000;
const TIMES = 8;

/** Far above what reading costs, far below what a reader takes that begins anew at each character (seconds). */
const AT_ONCE_MS = 50;

function milliseconds(work: () => unknown): number {
  const spent = Array.from({ length: 3 }, () => {
    const from = performance.now();
    work();
    return performance.now() - from;
  });
  return Math.min(...spent);
}

/** Whoever opens a pull request writes these texts, and decides how long they are. */
test.each<[string, (text: string) => unknown, (length: number) => string]>([
  ['a Dockerfile of empty lines', dockerfileStages, (n) => '\n'.repeat(n)],
  ['a Dockerfile of blanks', dockerfileStages, (n) => ' '.repeat(n)],
  ['a directive with blanks in it', dockerfileStages, (n) => `# a=b${' '.repeat(n)}x`],
  ['a FROM with blanks in it', dockerfileStages, (n) => `FROM a AS b${' '.repeat(n)}x`],
  ['lines that go on', dockerfileStages, (n) => '\\\n'.repeat(n / 2)],
  ['a bake file of empty lines', namesInText, (n) => '\n'.repeat(n)],
  ['a bake file of names', namesInText, (n) => `target ${'a'.repeat(n)}`],
  ['variables between empty lines', variablesInText, (n) => '\n'.repeat(n)],
  ['the name of a step', (name) => kindOf(name, true), (n) => `[${' '.repeat(n)}`],
  [
    'output of carriage returns',
    (text) => lineAssembler().push(Buffer.from(text)),
    (n) => `${'\r'.repeat(n)}x\n`,
  ],
  ['an address with dots behind it', shownAddresses, (n) => `https://a?${'.'.repeat(n)}x`],
  ['addresses in addresses', shownAddresses, (n) => 'https://'.repeat(n / 8)],
  ["what sccache's error quotes", startFailureIn, (n) => 'sccache: error: '.repeat(n / 16)],
  ['blanks in what bake ends with', ended, (n) => `a${' '.repeat(n)}b`],
  ['processes in what bake ends with', ended, (n) => 'process "'.repeat(n / 9)],
  ['builders in what bake ends with', ended, (n) => 'no builder "'.repeat(n / 12)],
])('%s: eight times as long takes no more than in proportion', (_, read, textOf) => {
  const [short, long] = [textOf(LARGE / TIMES), textOf(LARGE)];
  const spent = milliseconds(() => read(long));
  // Twice the proportion, for a busy machine; a quadratic reader has eight times it.
  const times = spent <= AT_ONCE_MS ? 1 : spent / milliseconds(() => read(short));
  expect(times).toBeLessThan(TIMES * 2);
});

function ended(text: string): unknown {
  return classifyFailure(replay([`ERROR: ${text}`]).trace);
}
