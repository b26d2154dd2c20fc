import type { Aws, AwsWork } from '../../platform/aws.ts';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { present } from './present.ts';

/** Pages of an SDK paginator, as far as they are read. */
type Pages<Field extends string, Item> = AsyncIterable<
  { readonly [F in Field]?: readonly Item[] | undefined } & { readonly NextToken?: string | undefined }
>;

/** Asks AWS for all pages, as one call; see {@link wholeList}. */
export async function listOf<Field extends string, Item>(
  aws: Pick<Aws, 'call'>,
  { name, field }: { readonly name: AwsRequestName; readonly field: Field },
  pages: (options: Parameters<AwsWork<unknown>>[0]) => Pages<Field, Item>,
): Promise<readonly Item[]> {
  return await aws.call(name, async (options) => await wholeList(pages(options), { name, field }));
}

/** {@link listOf} for long lists: of each page only what `read` makes of its items is kept. */
export async function longListOf<Field extends string, Item, Read>(
  aws: Pick<Aws, 'call'>,
  {
    name,
    field,
    read,
  }: {
    readonly name: AwsRequestName;
    readonly field: Field;
    readonly read: (item: Item) => readonly Read[];
  },
  pages: (options: Parameters<AwsWork<unknown>>[0]) => Pages<Field, Item>,
): Promise<readonly Read[]> {
  return await aws.call(name, async (options) => {
    const items: Read[] = [];
    for await (const page of listedPages(pages(options), { name, field })) items.push(...page.flatMap(read));
    return items;
  });
}

/**
 * Everything on all pages of an SDK paginator. A list that is empty stands in AWS's answer all the same: a page without `field` is
 * none, and one that leads back to a page that was read would never end. Throws `outside`.
 */
export async function wholeList<Field extends string, Item>(
  pages: Pages<Field, Item>,
  { name, field }: { readonly name: AwsRequestName; readonly field: Field },
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const page of listedPages(pages, { name, field })) items.push(...page);
  return items;
}

async function* listedPages<Field extends string, Item>(
  pages: Pages<Field, Item>,
  { name, field }: { readonly name: AwsRequestName; readonly field: Field },
): AsyncIterable<readonly Item[]> {
  const followed = new Set<string>();
  for await (const page of pages) {
    const listed: readonly Item[] | undefined = page[field];
    yield present(listed, name, field);
    requireNew(page.NextToken, followed, name);
  }
}

/** The SDK would end at a repeated token as if the list were whole (`stopOnSameToken`), or go on for ever. */
function requireNew(
  token: string | undefined,
  followed: Set<string>,
  { action, subject }: AwsRequestName,
): void {
  if (token === undefined || token === '') return;
  if (followed.has(token)) {
    const message = `${action} (${subject}) answered a page that leads to one before it`;
    throw new WarmbakeError('outside', 'aws-list-endless', message);
  }
  followed.add(token);
}
