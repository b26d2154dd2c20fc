import type { Account } from '../../../src/ami/model/account.ts';
import { imageIdsIn, type ImageId, type SnapshotId } from '../../../src/ami/model/ids.ts';
import type { Json, JsonObject } from '../../../src/ami/model/json.ts';
import { isJsonObject } from '../../../src/ami/model/json.ts';
import { usesOf, type Launch } from '../../../src/ami/model/launch.ts';
import type { Tags } from '../../../src/ami/model/tags.ts';
import {
  clientToken,
  type TemplateVersion,
  type VersionName,
} from '../../../src/ami/model/template-version.ts';
import { awsError } from '../../../src/platform/aws-fault.ts';
import type { WarmbakeError } from '../../../src/platform/errors.ts';
import type { State } from './state.ts';

/** How a real account does what documentation leaves open. */
export interface Semantics {
  /** What an update does with members of a mixed-instances policy that are left out: see CONTRACT.md. */
  readonly policyUpdate: 'replace' | 'merge-leaves';
}

/** What one call reads or changes. `read` may be behind; `now` is the time. */
export interface Context {
  readonly state: State;
  readonly now: Date;
  readonly account: string;
  readonly semantics: Semantics;
}

/** Answers of AWS by port and method, as functions of what is there. */
type Answers = {
  readonly [Port in keyof Account]: {
    readonly [Method in keyof Account[Port]]: Account[Port][Method] extends (
      ...args: infer A
    ) => Promise<infer R>
      ? (context: Context, ...args: A) => R
      : never;
  };
};

/** Methods that change something. */
export const WRITES: ReadonlySet<string> = new Set([
  'images.deregister',
  'snapshots.remove',
  'fastRestores.enable',
  'fastRestores.disable',
  'tagging.set',
  'tagging.clear',
  'templates.create',
  'groups.relaunch',
  'groups.drain',
  'parameters.put',
]);

export const ANSWERS: Answers = {
  identity: {
    caller: ({ account }) => ({ account, arn: `arn:aws:sts::${account}:assumed-role/job/i-1` }),
  },
  images: {
    list: ({ state, account }, prefix) =>
      [...state.images.values()].filter((image) => image.owner === account && image.name.startsWith(prefix)),
    find: ({ state }, id) => state.images.get(id),
    sharedWith: ({ state }, id) => state.shared.get(id) ?? { accounts: [], organizations: [] },
    deregister: ({ state }, id) => {
      if (state.images.get(id)?.isProtected === true)
        throw refused('ec2:DeregisterImage', 'OperationNotPermitted', id);
      state.images.delete(id);
    },
  },
  snapshots: {
    tagged: ({ state }, key, value) =>
      [...state.snapshots.values()].filter(({ tags }) => tags[key] === value),
    remove: ({ state }, id) => {
      if (imagesWith(state, id).length > 0) return 'in-use';
      for (const [key, { snapshot }] of state.restores) if (snapshot === id) state.restores.delete(key);
      return state.snapshots.delete(id) ? 'removed' : 'absent';
    },
  },
  fastRestores: {
    list: ({ state, now }, snapshots) =>
      [...state.restores.values()]
        .filter(({ snapshot }) => snapshots.includes(snapshot))
        .map(({ snapshot, zone, since }) => ({
          snapshot,
          zone,
          state: now.getTime() - since.getTime() < OPTIMIZING_MS ? 'optimizing' : 'enabled',
        })),
    enable: ({ state, now }, snapshots, zones) => {
      for (const snapshot of snapshots) {
        if (!state.snapshots.has(snapshot))
          throw refused('ec2:EnableFastSnapshotRestores', 'InvalidSnapshot.NotFound', snapshot);
        for (const zone of zones) {
          const key = `${snapshot} ${zone}`;
          if (!state.restores.has(key)) state.restores.set(key, { snapshot, zone, since: now });
        }
      }
    },
    disable: ({ state }, snapshots, zones) => {
      for (const snapshot of snapshots)
        for (const zone of zones) state.restores.delete(`${snapshot} ${zone}`);
    },
  },
  tagging: {
    set: (context, resources, tags) => {
      for (const resource of resources) retag(context, resource, (had) => ({ ...had, ...tags }));
    },
    clear: (context, resources, keys) => {
      const cleared = (had: Tags) =>
        Object.fromEntries(Object.entries(had).filter(([key]) => !keys.includes(key)));
      for (const resource of resources) retag(context, resource, cleared);
    },
  },
  templates: {
    version: ({ state }, template, version) => versionOf(state.templates.get(template) ?? [], version),
    withImage: ({ state }, template, image) =>
      (state.templates.get(template) ?? []).filter((version) => version.image === image),
    all: ({ state }, template) => state.templates.get(template) ?? [],
    current: ({ state }) =>
      [...state.templates.values()].flatMap((versions) =>
        (['$Latest', '$Default'] as const).flatMap((name) => versionOf(versions, name) ?? []),
      ),
    create: ({ state }, request) => {
      const versions = state.templates.get(request.template) ?? [];
      const token = clientToken(request);
      const repeated = versions.find(({ number }) => number === state.tokens.get(token));
      if (repeated !== undefined) return repeated;
      const source = versions.find(({ number }) => number === request.source);
      if (source === undefined)
        throw refused('ec2:CreateLaunchTemplateVersion', 'InvalidLaunchTemplateId.VersionNotFound');
      const made: TemplateVersion = {
        template: request.template,
        number: Math.max(...versions.map(({ number }) => number)) + 1,
        isDefault: false,
        image: request.image,
        description: request.description,
        data: {
          ...withoutSnapshots(source.data),
          ...(request.devices === undefined ? {} : { BlockDeviceMappings: request.devices }),
          ImageId: request.image,
        },
      };
      state.templates.set(request.template, [...versions, made]);
      state.tokens.set(token, made.number);
      return made;
    },
  },
  groups: {
    list: ({ state }) => [...state.groups.values()],
    find: ({ state }, name) => state.groups.get(name),
    relaunch: ({ state, semantics }, name, launch) => {
      const group = state.groups.get(name);
      const isThere = usesOf(launch).every(
        ({ template, version }) => versionOf(state.templates.get(template) ?? [], version) !== undefined,
      );
      if (group === undefined || !isThere)
        throw refused('autoscaling:UpdateAutoScalingGroup', 'ValidationError');
      state.groups.set(name, { ...group, launch: updated(group.launch as Launch, launch, semantics) });
    },
    drain: ({ state }, id) => {
      if (state.instances.get(id)?.group === undefined) return 'gone';
      state.instances.delete(id);
      return 'draining';
    },
    activities: ({ state }, name, since) =>
      (state.activities.get(name) ?? []).filter(({ startedAt }) => startedAt >= since),
    configurations: ({ state }) => [...state.configurations].map(([name, image]) => ({ name, image })),
    refreshes: ({ state }, name) => state.refreshes.get(name) ?? [],
  },
  fleets: {
    list: ({ state }) => [...state.fleets.values()],
  },
  instances: {
    list: ({ state }) => [...state.instances.values()].filter(({ state: at }) => at !== 'terminated'),
  },
  stacks: {
    find: ({ state }, name) => state.stacks.get(name),
    list: ({ state }) => [...state.stacks].map(([name, stack]) => ({ name, ...stack })),
    resource: ({ state }, name, logicalId) => state.stacks.get(name)?.resources[logicalId],
  },
  parameters: {
    get: ({ state }, name) => {
      const [bare = '', version] = name.split(':');
      const history = state.parameters.get(bare) ?? [];
      return version === undefined ? history[0] : history.find((past) => String(past.version) === version);
    },
    put: ({ state, now, account }, name, value) => {
      const history = state.parameters.get(name) ?? [];
      if (history.length === 100 && history.at(-1)?.labels.length !== 0) {
        throw refused('ssm:PutParameter', 'ParameterMaxVersionLimitExceeded');
      }
      const version = (history[0]?.version ?? 0) + 1;
      const written = {
        value,
        version,
        modifiedAt: now,
        modifiedBy: `arn:aws:iam::${account}:role/job`,
        labels: [],
      };
      state.parameters.set(name, [written, ...history].slice(0, 100));
      return version;
    },
    history: ({ state }, name) => state.parameters.get(name) ?? [],
    namingImages: ({ state }) =>
      [...state.parameters].flatMap(([name, [current]]) => {
        const images = imageIdsIn(current?.value ?? '');
        return images.length === 0 ? [] : [{ name, images }];
      }),
  },
};

/** EC2 needs an hour for a TiB; images here have half of one. */
const OPTIMIZING_MS = 30 * 60_000;

/** What AWS says when it does not do it, as the adapters report it. */
export function refused(action: string, code: string, subject = 'the fake'): WarmbakeError {
  return awsError(Object.assign(new Error(`said by the fake`), { name: code }), { action, subject });
}

function versionOf(versions: readonly TemplateVersion[], name: VersionName): TemplateVersion | undefined {
  if (name === '$Latest') return versions.at(-1);
  if (name === '$Default') return versions.find(({ isDefault }) => isDefault);
  return versions.find(({ number }) => String(number) === name);
}

function imagesWith(state: State, id: SnapshotId): readonly ImageId[] {
  return [...state.images.values()]
    .filter(({ snapshots }) => snapshots.some((snapshot) => snapshot.id === id))
    .map((image) => image.id);
}

function retag({ state }: Context, resource: ImageId | SnapshotId, change: (had: Tags) => Tags): void {
  const image = state.images.get(resource as ImageId);
  const snapshot = state.snapshots.get(resource as SnapshotId);
  if (image !== undefined) state.images.set(image.id, { ...image, tags: change(image.tags) });
  else if (snapshot !== undefined)
    state.snapshots.set(snapshot.id, { ...snapshot, tags: change(snapshot.tags) });
  else throw refused('ec2:CreateTags', 'InvalidID', resource);
}

function withoutSnapshots(data: JsonObject): JsonObject {
  const mappings = data['BlockDeviceMappings'];
  if (!Array.isArray(mappings)) return data;
  const bare = (mapping: Json): Json => {
    if (!isJsonObject(mapping) || !isJsonObject(mapping['Ebs'])) return mapping;
    const { SnapshotId: _, ...ebs } = mapping['Ebs'];
    return { ...mapping, Ebs: ebs };
  };
  return { ...data, BlockDeviceMappings: (mappings as readonly Json[]).map(bare) };
}

function updated(had: Launch, sent: Launch, { policyUpdate }: Semantics): Launch {
  if (had.kind !== 'mixed' || sent.kind !== 'mixed' || policyUpdate === 'replace') return sent;
  return { ...sent, policy: merged(had.policy, sent.policy) };
}

/** Members that are left out stay; a list that is sent is the whole list. */
function merged(had: JsonObject, sent: JsonObject): JsonObject {
  const members = Object.entries(sent).map(([key, value]): [string, Json] => {
    const before = had[key];
    return [key, isJsonObject(before) && isJsonObject(value) ? merged(before, value) : value];
  });
  return { ...had, ...Object.fromEntries(members) };
}
