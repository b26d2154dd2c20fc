import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Evaluator, Lexer, Parser, data } from '@actions/expressions';
import { parse } from 'yaml';
import * as z from 'zod';
import { PROJECT } from '../../parts/project.ts';

/** What a runner needs of a composite action with one step, as GitHub's "Metadata syntax reference" has it. */
const compositeAction = z.object({
  inputs: z.record(
    z.string(),
    z.strictObject({
      description: z.string(),
      required: z.boolean().optional(),
      default: z.string().optional(),
    }),
  ),
  outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
  runs: z.strictObject({
    using: z.literal('composite'),
    steps: z.tuple([
      z.strictObject({
        id: z.string(),
        shell: z.literal('bash'),
        env: z.record(z.string(), z.string()),
        run: z.string(),
      }),
    ]),
  }),
});

/** The action, read as a runner reads it. */
export async function readAction(): Promise<z.infer<typeof compositeAction>> {
  return compositeAction.parse(
    parse(await readFile(path.join(PROJECT, 'package/github/action.yml'), 'utf8')),
  );
}

/** A text with its `${{ … }}` evaluated, by GitHub's own evaluator; results that are no text are written as GitHub writes them. */
export function filledIn(text: string, contexts: Readonly<Record<string, unknown>>): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
    const { tokens } = new Lexer(expression.trim()).lex();
    const tree = new Parser(tokens, Object.keys(contexts), []).parse();
    const values = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
    return new Evaluator(tree, values).evaluate().coerceString();
  });
}
