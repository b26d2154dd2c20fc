import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { askAt } from '../../src/platform/ask.ts';

/** A terminal in which somebody types `keys` when the question is there; `undefined` hangs up. */
async function answered(keys: string | undefined, { before = false } = {}) {
  const input = new PassThrough();
  // That readline takes it for a terminal, which hands over keys.
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const stop = new AbortController();
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts += 1;
    stop.abort(new Error('interrupted'));
  };
  const type = (): void => void (keys === undefined ? input.end() : input.write(keys));
  if (before) type();
  const asking = askAt({ input, output }, 'what is it about\nRoll back? ', {
    signal: stop.signal,
    interrupt,
  });
  if (!before) setImmediate(type);
  const answer = await asking.catch((error: unknown) => String(error));
  const shown = String(output.read());
  return {
    answer,
    interrupts,
    shown,
    again: async () => await askAt({ input, output }, '? ', { signal: stop.signal, interrupt }),
  };
}

test('the answer is the line', async () => {
  const { answer, shown } = await answered('yes\r');
  expect(answer).toBe('yes');
  expect(shown).toContain('what is it about\n');
});

test('enter alone is an empty answer', async () => {
  expect(await answered('\r')).toMatchObject({ answer: '' });
});

test('Ctrl-D is no answer, not an empty one, and no defect', async () => {
  const { answer, shown } = await answered('\u0004');
  expect(answer).toBeUndefined();
  expect(shown.endsWith('\n')).toBe(true);
});

test.each([{ before: false }, { before: true }])(
  'an input that ends is no answer, and nobody waits for one (before the question: $before)',
  async ({ before }) => {
    const { answer, again } = await answered(undefined, { before });
    expect(answer).toBeUndefined();
    expect(await again()).toBeUndefined();
  },
);

test('Ctrl-C interrupts', async () => {
  expect(await answered('\u0003')).toMatchObject({ answer: 'Error: interrupted', interrupts: 1 });
});
