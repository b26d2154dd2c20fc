import { WarmbakeError } from '../platform/errors.ts';

/** What bake answered to a call with overrides. */
export interface RefusedCall {
  /** bake's own words. */
  readonly words: string;
  /** `TARGET.KEY=VALUE` each. */
  readonly overrides: readonly string[];
  /** What the call was about. */
  readonly targets: readonly string[];
}

/**
 * A `usage` error where bake did not take one of the overrides (github.com/docker/buildx, bake/bake.go, `newOverrides` and
 * `AddOverrides`); `undefined` where it stumbled over something else: then it is about a file.
 */
export function refusedOverride({ words, overrides, targets }: RefusedCall): WarmbakeError | undefined {
  const pattern = /could not find any target matching '([^']*)'/.exec(words)?.[1];
  if (pattern !== undefined) {
    return told(
      overrides.find((text) => text.startsWith(`${pattern}.`)),
      `bake knows no target '${pattern}'; this build has ${targets.join(', ')}`,
      "a pattern means several: '*' all, 'app-*' those of a matrix",
    );
  }
  const key = /unknown key: (\S+)/.exec(words)?.[1];
  if (key !== undefined) {
    return told(
      overrides.find((text) => keyOf(text) === key),
      `bake knows no key '${key}'`,
      'keys are those of `docker buildx bake --set`: args.NAME, platform, no-cache, target, …',
    );
  }
  const saysInvalid = /^invalid (?:value|key|format)\b/.test(words);
  const odd = overrides.find((text) => saysInvalid && new RegExp(`\\b${keyOf(text)}\\b`).test(words));
  return told(
    odd,
    words,
    'write TARGET.KEY=VALUE, or TARGET.KEY.NAME=VALUE, as for `docker buildx bake --set`',
  );
}

function told(override: string | undefined, problem: string, hint: string): WarmbakeError | undefined {
  if (override === undefined) return undefined;
  return new WarmbakeError('usage', 'bad-override', `--set ${override}: ${problem}`, { hint });
}

/** `app.args.X=1` → `args`. */
function keyOf(override: string): string {
  return /^[^.=]+\.([\w-]+)/.exec(override)?.[1] ?? '';
}
