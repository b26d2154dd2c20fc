/** What an XML element holds: text, further elements by name, or several of a kind. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml };

/** The elements of `value`; what a list holds is called `item` (EC2) or `member` (the query protocol of other services). */
export function xmlOf(value: Xml, item: 'item' | 'member'): string {
  if (value === undefined) return '';
  if (Array.isArray(value))
    return (value as readonly Xml[]).map((one) => `<${item}>${xmlOf(one, item)}</${item}>`).join('');
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, inner]) => (inner === undefined ? '' : `<${name}>${xmlOf(inner as Xml, item)}</${name}>`))
      .join('');
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
