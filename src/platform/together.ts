import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Makes few requests of many questions: those asked at the same moment, or while a request is under way, share the next one. It begins
 * after all of them were asked, so that nobody gets an answer from before the question. `ask` gets each key once, and tells how to
 * find the answer to one; what it throws is thrown to all who share it.
 */
export function together<Key, Answer>(
  ask: (keys: readonly Key[]) => Promise<(key: Key) => Answer>,
): (key: Key) => Promise<Answer> {
  const state: {
    running: Promise<unknown>;
    next?: { readonly keys: Set<Key>; readonly answer: Promise<(key: Key) => Answer> } | undefined;
  } = {
    running: Promise.resolve(),
  };
  const request = async (keys: ReadonlySet<Key>, before: Promise<unknown>): Promise<(key: Key) => Answer> => {
    await before;
    await nextTurn();
    state.next = undefined;
    return await ask([...keys]);
  };
  return async (key) => {
    if (state.next === undefined) {
      const keys = new Set<Key>();
      const answer = request(keys, state.running);
      state.next = { keys, answer };
      state.running = answer.catch(() => undefined);
    }
    state.next.keys.add(key);
    return (await state.next.answer)(key);
  };
}

/** {@link together} for a question without a key. */
export function askedTogether<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  const one = together<'all', Answer>(async () => {
    const answer = await ask();
    return () => answer;
  });
  return async () => await one('all');
}
