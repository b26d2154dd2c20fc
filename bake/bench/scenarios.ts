import { change, type Checkout } from '../demo/checkout.ts';

/** One build in the life of a pull request. */
export interface Scenario {
  readonly name: string;
  readonly branch: 'main' | 'work';
  /** The commit that is built. */
  readonly commit: string;
  /** Where the branch main is at that time. */
  readonly main: string;
  readonly targets: readonly string[];
  /** It only leads to the next one. */
  readonly untold?: true;
}

const TESTS = ['test-ci'];

/** Commits the history in the checkout; each scenario follows the one before it. */
export async function makeScenarios(checkout: Checkout): Promise<readonly Scenario[]> {
  const { git } = checkout;
  const head = async (): Promise<string> => await git('rev-parse', 'HEAD');
  const commit = async (file: string, text: string): Promise<string> => {
    await change(checkout, file, text);
    return await head();
  };
  const first = await head();
  await git('switch', '--quiet', '--create', 'work');
  const onePush = await commit('src/server.txt', 'serve twice as fast');
  const secondPush = await commit('assets/logo.txt', 'two buns');
  await git('switch', '--quiet', 'main');
  const moved = await commit('vendor/lock.txt', 'libanswer 43.0.0');
  await git('switch', '--quiet', 'work');
  await git('rebase', '--quiet', 'main');
  const rebased = await head();
  await git('switch', '--quiet', 'main');
  await git('merge', '--quiet', '--no-ff', '--message', 'Merge pull request 7', 'work');
  const merged = await head();
  await git('switch', '--quiet', '--force-create', 'work');
  const third = await commit('assets/logo.txt', 'three buns');
  const onMain = { branch: 'main', targets: TESTS } as const;
  const onWork = { branch: 'work', targets: TESTS } as const;
  return [
    { name: 'cold', ...onMain, commit: first, main: first },
    { name: 'unchanged', ...onMain, commit: first, main: first },
    { name: 'one file changed', ...onWork, commit: onePush, main: first },
    { name: 'second push', ...onWork, commit: secondPush, main: first },
    { name: "main's dependencies move", ...onMain, commit: moved, main: moved, untold: true },
    { name: 'rebased on them', ...onWork, commit: rebased, main: moved },
    { name: 'main after merge', ...onMain, commit: merged, main: merged },
    {
      name: 'three targets',
      branch: 'work',
      commit: third,
      main: merged,
      targets: ['test-ci', 'release-ci', 'assets-ci'],
    },
  ];
}
