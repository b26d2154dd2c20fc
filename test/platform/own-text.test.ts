import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { ownText } from '../../src/platform/own-text.ts';

it.each(['', 'ä', 'available', '123456789012', 'ami-0123456789abcdef0', 'Ünïcode is längér ✓'])(
  "'%s' stays what it is",
  (text) => {
    expect(ownText(`x${text}x`.slice(1, -1))).toBe(text);
  },
);

it('an id of a page of answers does not keep the page', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  const ids = Array.from({ length: 40 }, (_, number) => {
    const page = Buffer.alloc(1 << 20, `ami-${String(number).padStart(17, '0')} `).toString();
    return ownText(page.slice(0, 21));
  });
  // The pages are 40 MB.
  expect(heap() - before).toBeLessThan(10 << 20);
  expect(ids).toHaveLength(40);
});
