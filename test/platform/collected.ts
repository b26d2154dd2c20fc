import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';

/** Collects everything that nothing refers to any more, every few milliseconds until the promise settles. */
export async function whileCollecting<T>(waiting: Promise<T>): Promise<T> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collecting = setInterval(collect, 5);
  try {
    return await waiting;
  } finally {
    clearInterval(collecting);
  }
}
