import type { Account } from '../model/account.ts';

/** A request that changes something, about to be sent. */
export interface Write {
  /** Port and method: `groups.relaunch`. */
  readonly name: string;
  /** What it is about: an id, or a name. */
  readonly subject: string;
}

/** The same account, but `before` is awaited before each request that changes something; where it throws, the request is not sent. */
export function guardedAccount(account: Account, before: (write: Write) => Promise<void>): Account {
  const { images, snapshots, fastRestores, tagging, templates, groups, parameters } = account;
  const after = async <T>(name: string, subject: string, send: () => Promise<T>): Promise<T> => {
    await before({ name, subject });
    return await send();
  };
  return {
    ...account,
    images: {
      ...images,
      deregister: async (id) => await after('images.deregister', id, async () => await images.deregister(id)),
    },
    snapshots: {
      ...snapshots,
      remove: async (id) => await after('snapshots.remove', id, async () => await snapshots.remove(id)),
    },
    fastRestores: {
      ...fastRestores,
      enable: async (ids, zones) =>
        await after('fastRestores.enable', ids.join(' '), async () => await fastRestores.enable(ids, zones)),
      disable: async (ids, zones) =>
        await after(
          'fastRestores.disable',
          ids.join(' '),
          async () => await fastRestores.disable(ids, zones),
        ),
    },
    tagging: {
      set: async (ids, tags) =>
        await after('tagging.set', ids.join(' '), async () => await tagging.set(ids, tags)),
      clear: async (ids, keys) =>
        await after('tagging.clear', ids.join(' '), async () => await tagging.clear(ids, keys)),
    },
    templates: {
      ...templates,
      create: async (request) =>
        await after('templates.create', request.template, async () => await templates.create(request)),
    },
    groups: {
      ...groups,
      relaunch: async (name, launch) =>
        await after('groups.relaunch', name, async () => await groups.relaunch(name, launch)),
      drain: async (id) => await after('groups.drain', id, async () => await groups.drain(id)),
    },
    parameters: {
      ...parameters,
      put: async (name, value) =>
        await after('parameters.put', name, async () => await parameters.put(name, value)),
    },
  };
}
