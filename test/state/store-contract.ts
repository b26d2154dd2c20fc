import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StateStore } from '../../src/state/store.ts';

/** What lock and journal rely on, for a directory as for S3. Every test uses keys of its own. */
export function describeStore(open: () => StateStore): void {
  describe('a store', () => {
    test('has nothing at first, and then what was written', async () => {
      const store = open();
      expect(await store.read('a/first')).toBeUndefined();
      const version = await store.write('a/first', 'one', { expected: undefined });
      expect(await store.read('a/first')).toEqual({ text: 'one', version });
    });

    test('replaces what the writer has read, and nothing else', async () => {
      const store = open();
      const first = await store.write('a/second', 'one', { expected: undefined });
      expect(await store.write('a/second', 'other', { expected: undefined })).toBeUndefined();
      const second = await store.write('a/second', 'two', { expected: first });
      expect(await store.write('a/second', 'late', { expected: first })).toBeUndefined();
      const third = await store.write('a/second', 'three', { expected: second });
      expect(await store.write('a/second', 'new', { expected: undefined })).toBeUndefined();
      expect(await store.read('a/second')).toEqual({ text: 'three', version: third });
    });

    test('of ten who write at the same moment, one wins', async () => {
      const store = open();
      const version = await store.write('a/third', 'start', { expected: undefined });
      const texts = Array.from({ length: 10 }, (_, number) => `writer ${number}`);
      const won = await Promise.all(
        texts.map(async (text) => await store.write('a/third', text, { expected: version })),
      );
      const winners = texts.filter((_, number) => won[number] !== undefined);
      expect(winners).toHaveLength(1);
      expect((await store.read('a/third'))?.text).toBe(winners[0]);
    });

    test('lists the keys of a folder, sorted', async () => {
      const store = open();
      for (const key of ['b/2.json', 'b/1.json', 'c/3.json'])
        await store.write(key, '{}', { expected: undefined });
      expect(await store.keys('b')).toEqual(['1.json', '2.json']);
      expect(await store.keys('nothing')).toEqual([]);
    });

    test('reads an entry up to 8 MiB, and refuses a larger one by its name', async () => {
      const store = open();
      const largest = 'x'.repeat(8 << 20);
      await store.write('e/largest', largest, { expected: undefined });
      expect((await store.read('e/largest'))?.text.length).toBe(largest.length);
      await store.write('e/larger', `${largest}x`, { expected: undefined });
      await expect(store.read('e/larger')).rejects.toMatchObject({
        kind: 'outside',
        code: 'state-entry-too-large',
        message: expect.stringMatching(/e\/larger.* has more than 8 MiB/),
      });
    });

    test('keeps any text', async () => {
      const store = open();
      let number = 0;
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
          number += 1;
          await store.write(`d/${number}`, text, { expected: undefined });
          expect((await store.read(`d/${number}`))?.text).toBe(text);
        }),
        { numRuns: 10 },
      );
    });
  });
}
