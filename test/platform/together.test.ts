import { expect, test } from 'vitest';
import { askedTogether, together } from '../../src/platform/together.ts';

/** Answers each key with itself and the number of the request; requests end when the test says so. */
function slowService() {
  const requests: { readonly keys: readonly string[]; readonly end: () => void }[] = [];
  const ask = together<string, string>(async (keys) => {
    const number = requests.length + 1;
    await new Promise<void>((resolve) => requests.push({ keys, end: resolve }));
    return (key) => `${key}${number}`;
  });
  return { ask, requests };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('what is asked at the same moment is one request, with each key once', async () => {
  const { ask, requests } = slowService();
  const answers = Promise.all([ask('a'), ask('b'), ask('a')]);
  await turns();
  expect(requests.map(({ keys }) => keys)).toEqual([['a', 'b']]);
  requests[0]!.end();
  expect(await answers).toEqual(['a1', 'b1', 'a1']);
});

test('what is asked while a request is under way gets the answer of a later one, never of that', async () => {
  const { ask, requests } = slowService();
  const first = ask('a');
  await turns();
  const later = Promise.all([ask('a'), ask('b')]);
  await turns();
  expect(requests).toHaveLength(1);
  requests[0]!.end();
  expect(await first).toBe('a1');
  await turns();
  expect(requests.map(({ keys }) => keys)).toEqual([['a'], ['a', 'b']]);
  requests[1]!.end();
  expect(await later).toEqual(['a2', 'b2']);
});

test('a request that fails fails for all who share it, and for nobody after them', async () => {
  let requests = 0;
  const ask = askedTogether(async () => {
    requests += 1;
    if (requests === 1) throw new Error('not now');
    return requests;
  });
  expect((await Promise.allSettled([ask(), ask()])).map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
  ]);
  expect(await ask()).toBe(2);
});
