import * as z from 'zod';

/** Spellings that people carry over from environment variables; sccache itself knows most of them. */
const SPELLINGS: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  yes: true,
  '1': true,
  false: false,
  off: false,
  no: false,
  '0': false,
};

/** `true` or `false`, also as `1`, `on`, `yes`, `0`, `off` and `no` in any case; everything else is refused, '' too. */
export function spelledBoolean() {
  return z
    .union([z.boolean(), z.number(), z.string()], {
      error: (issue) => (issue.input === undefined ? undefined : 'write true or false'),
    })
    .transform((written, context) => {
      const meant = SPELLINGS[String(written).trim().toLowerCase()];
      if (meant !== undefined) return meant;
      context.addIssue({ code: 'custom', message: `'${written}' is neither true nor false` });
      return z.NEVER;
    });
}
