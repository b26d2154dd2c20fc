/**
 * Bake reads every string of a bake file as a template, in JSON too, and keys of objects as well: this spells `text` so that it is
 * taken as it stands.
 */
export function escaped(text: string): string {
  return text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
}

/** The text that an {@link escaped} one stands for. */
export function unescaped(text: string): string {
  return text.replaceAll(/([$%])\1(?=\{)/g, '$1');
}

/** A JSON value as a bake file spells it: keys always escaped, strings where `escapeValues` says so. */
export function spelled(value: unknown, options: { readonly escapeValues: boolean }): unknown {
  if (typeof value === 'string') return options.escapeValues ? escaped(value) : value;
  if (Array.isArray(value)) return value.map((item) => spelled(item, options));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [escaped(key), spelled(item, options)]),
  );
}
