import { WarmbakeError } from '../platform/errors.ts';
import { type Input, type Option, flag, listOption } from './command.ts';

/** Options of builds outside of CI. */
export const LOCAL_OPTIONS: readonly Option[] = [
  { flags: '--load', help: 'outside of CI: leave the images in the engine' },
  {
    flags: '--set <key=value>',
    help: 'outside of CI: change the definition, as `docker buildx bake --set` (app.args.X=1); can be repeated',
    repeatable: true,
  },
];

/** What of a definition follows from the plan alone (`bake/bake-file.ts`), as bake's `--set` calls it. */
const OF_THE_PLAN = /^[^.=\s]+\.(?:tags|output|cache-from|cache-to|push|load)(?:[.+]|=)/;

/** The request's part of {@link LOCAL_OPTIONS}. Throws `usage` for what is no override or not to be overridden, and beside `--push`. */
export function localWishes(input: Input): { readonly load: boolean; readonly overrides: readonly string[] } {
  const load = flag(input, 'load');
  const overrides = listOption(input, 'set');
  const odd = overrides.find((text) => !/^[^=\s]+\.[^=\s]+=/.test(text));
  if (odd !== undefined) {
    throw new WarmbakeError('usage', 'bad-override', `--set is '${odd}'; write TARGET.KEY=VALUE`, {
      hint: 'for example app.args.DEBUG=1, or *.platform=linux/arm64 for all targets',
    });
  }
  const planned = overrides.find((text) => OF_THE_PLAN.test(text));
  if (planned !== undefined) {
    const why = 'tags, outputs and caches follow from configuration and commit';
    throw new WarmbakeError('usage', 'bad-override', `--set cannot change this: '${planned}': ${why}`, {
      hint: '--load leaves the images in the engine; for other outputs call `docker buildx bake` itself',
    });
  }
  const both = load ? '--load' : overrides.length > 0 ? '--set' : undefined;
  if (both !== undefined && flag(input, 'push')) {
    const why = load
      ? 'an image is pushed or left in the engine'
      : 'what is pushed has the name of a commit, which does not have what --set says';
    throw new WarmbakeError('usage', 'not-with-push', `${both} and --push: ${why}`);
  }
  return { load, overrides };
}
