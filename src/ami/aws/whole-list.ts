import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { present } from './present.ts';

/**
 * Everything on all pages of an SDK paginator. A list that is empty stands in AWS's answer all the same: a page without `field` is
 * none. Throws `outside`.
 */
export async function wholeList<Field extends string, Item>(
  pages: AsyncIterable<{ readonly [F in Field]?: readonly Item[] | undefined }>,
  field: Field,
  name: AwsRequestName,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const page of pages) {
    const listed: readonly Item[] | undefined = page[field];
    items.push(...present(listed, name, field));
  }
  return items;
}
