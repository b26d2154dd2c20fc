import { parse } from 'yaml';
import * as z from 'zod';

/** The header of a file with inputs, as GitLab's "CI/CD inputs" has it; all of ours are texts with a pattern. */
const header = z.strictObject({
  spec: z.strictObject({
    inputs: z.record(
      z.string(),
      z.strictObject({
        description: z.string().optional(),
        default: z.string().optional(),
        regex: z.string(),
      }),
    ),
  }),
});

/** A file with inputs, and what GitLab does with it when it makes a pipeline. */
export interface Component {
  readonly inputs: z.infer<typeof header>['spec']['inputs'];
  /** Inputs that their patterns refuse. */
  refused(inputs: Readonly<Record<string, string>>): readonly string[];
  /** The file with the inputs in the text, before it is read as YAML (`lib/gitlab/ci/config/interpolation/text_template.rb`). */
  filledIn(inputs: Readonly<Record<string, string>>): string;
}

/** Reads a file with inputs. Patterns are RE2's without flags, where `^` and `$` are the ends of the text, as JavaScript's. */
export function readComponent(text: string): Component {
  const [head = '', body = ''] = text.split('\n---\n');
  const { inputs } = header.parse(parse(head)).spec;
  const all = (given: Readonly<Record<string, string>>) =>
    Object.entries(inputs).map(([name, input]) => [name, given[name] ?? input.default, input.regex] as const);
  return {
    inputs,
    refused: (given) =>
      all(given)
        .filter(([, value, regex]) => value === undefined || !new RegExp(regex).test(value))
        .map(([name]) => name),
    filledIn: (given) => {
      const values = new Map(all(given).map(([name, value]) => [name, value ?? '']));
      return body.replaceAll(
        /\$\[\[ inputs\.([a-z0-9]+) \]\]/g,
        (_, name: string) => values.get(name) ?? '?',
      );
    },
  };
}
