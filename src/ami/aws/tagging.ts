import type { Tag } from '@aws-sdk/client-ec2';
import { ownText } from '../../platform/own-text.ts';
import type { Tagging } from '../model/account.ts';
import type { Tags } from '../model/tags.ts';
import type { Ec2 } from './ec2.ts';

/** {@link Tagging} on EC2. */
export function openTagging(ec2: Ec2): Tagging {
  return {
    async set(resources, tags) {
      const { sdk, client } = await ec2.load();
      const pairs = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await ec2.call(
        { action: 'ec2:CreateTags', subject: resources.join(', ') },
        async (options) =>
          await client.send(new sdk.CreateTagsCommand({ Resources: [...resources], Tags: pairs }), options),
      );
    },
    async clear(resources, keys) {
      const { sdk, client } = await ec2.load();
      const named = keys.map((Key) => ({ Key }));
      await ec2.call(
        { action: 'ec2:DeleteTags', subject: resources.join(', ') },
        async (options) =>
          await client.send(new sdk.DeleteTagsCommand({ Resources: [...resources], Tags: named }), options),
      );
    },
  };
}

/** Tags by key. */
export function tagsOf(tags: readonly Tag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', ownText(Value ?? '')]));
}
