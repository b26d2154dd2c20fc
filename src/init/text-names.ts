import * as z from 'zod';
import { namesInText } from '../bake/members.ts';
import { jsonOrUndefined } from '../platform/json.ts';
import type { DefinedNames } from './target-choice.ts';

/** What bake files define, read from their text: where bake cannot be asked. Which target is a context of which, it does not tell. */
export function namesOfTexts(texts: readonly string[]): DefinedNames {
  return {
    names: [...new Set(texts.flatMap(namesInText))],
    groups: new Map(texts.flatMap(groupsInText)),
    serving: new Set(),
  };
}

/** Members are what stands between quotes in the list: names, or parts of an expression that nobody evaluates here. */
function groupsInText(text: string): readonly (readonly [string, readonly string[]])[] {
  const hcl = [
    ...text.matchAll(/^[ \t]*group[ \t]+"?([\w-]+)"?[ \t]*\{[^}]*?targets[ \t]*=[ \t]*\[([^\]]*)\]/gm),
  ].map(([, name = '', list = '']) => {
    const members = [...list.matchAll(/"([^"]*)"/g)].map(([, member = '']) => member);
    return [name, members] as const;
  });
  if (hcl.length > 0 || !text.trimStart().startsWith('{')) return hcl;
  const parsed = inJson.safeParse(jsonOrUndefined(text));
  return parsed.success
    ? Object.entries(parsed.data.group).map(([name, { targets }]) => [name, targets] as const)
    : [];
}

const inJson = z.looseObject({
  group: z.record(z.string(), z.looseObject({ targets: z.array(z.string()).default([]) })).default({}),
});
