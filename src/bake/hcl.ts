/**
 * The few HCL forms that the overlay needs, written so that buildx 0.13 reads them.
 * There is no kept-up HCL writer for Node; the judge of this one is `docker buildx bake --print`.
 */

/** An expression; made by the functions below, so that plain text cannot be taken for one. */
export interface Expression {
  readonly hcl: string;
}

/** An expression given as HCL. Only for literals in our own code. */
export function expression(hcl: string): Expression {
  return { hcl };
}

/** Text as a quoted HCL string. `${` and `%{` would start a template and are doubled. */
export function quote(text: string): Expression {
  return expression(`"${escape(text)}"`);
}

/** A string made of literal text and variables: `template('a-', variable)` is `"a-${variable}"`. */
export function template(...parts: readonly (string | { readonly variable: string })[]): Expression {
  const body = parts.map((p) => (typeof p === 'string' ? escape(p) : `\${${p.variable}}`));
  return expression(`"${body.join('')}"`);
}

/** `[a, b]`, on several lines when long. */
export function list(items: readonly Expression[]): Expression {
  const flat = `[${items.map((i) => i.hcl).join(', ')}]`;
  if (flat.length <= 90) return expression(flat);
  return expression(`[\n${items.map((i) => `    ${i.hcl},\n`).join('')}  ]`);
}

/** `{ key = value }` with aligned keys; keys are quoted where they are no identifier. */
export function object(entries: readonly (readonly [string, Expression])[]): Expression {
  const keys = entries.map(([key]) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? key : quote(key).hcl));
  const width = Math.max(0, ...keys.map((k) => k.length));
  const lines = entries.map(([, value], i) => `    ${(keys[i] ?? '').padEnd(width)} = ${value.hcl}\n`);
  return expression(`{\n${lines.join('')}  }`);
}

/** A block with aligned attributes: `target "x" { … }`. Labels that HCL could misread are the caller's to refuse. */
export function block(
  type: string,
  label: string,
  attributes: readonly (readonly [string, Expression])[],
): string {
  const width = Math.max(0, ...attributes.map(([name]) => name.length));
  const lines = attributes.map(([name, value]) => `  ${name.padEnd(width)} = ${value.hcl}\n`);
  return `${type} ${quote(label).hcl} {\n${lines.join('')}}\n`;
}

function escape(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(/[$%](?=\{)/g, (sign) => sign + sign)
    .replace(/[\u0000-\u001f\u007f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
