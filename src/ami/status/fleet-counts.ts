/** What is counted of an instance. */
export interface Counted {
  readonly id: string;
  readonly image: string;
  /** What it belongs to: a stack, or a group. */
  readonly stack?: string;
  readonly upMs: number;
}

/** What is known of who works: empty where nobody knows. */
export type WorkOfInstances = ReadonlyMap<string, 'busy' | 'idle'>;

/** Instances in numbers. */
export interface InstanceCount {
  readonly instances: number;
  /** How many have a job; absent where nobody knows. */
  readonly busy?: number;
  /** Time since the start of the oldest, in milliseconds; 0 where there is none. */
  readonly oldestMs: number;
}

/** Instances of one image. */
export interface ImageCount extends InstanceCount {
  readonly image: string;
  /** Stacks that the instances are of. */
  readonly stacks: number;
}

/** Counts instances. */
export function countOf(instances: readonly Counted[], work: WorkOfInstances): InstanceCount {
  return {
    instances: instances.length,
    ...(work.size === 0 ? {} : { busy: instances.filter(({ id }) => work.get(id) === 'busy').length }),
    oldestMs: Math.max(0, ...instances.map(({ upMs }) => upMs)),
  };
}

/** Counts them by image, most instances first; an image that nothing runs is not there. */
export function countsByImage(instances: readonly Counted[], work: WorkOfInstances): readonly ImageCount[] {
  const groups = new Map<string, Counted[]>();
  for (const one of instances) {
    const own = groups.get(one.image);
    if (own === undefined) groups.set(one.image, [one]);
    else own.push(one);
  }
  return [...groups]
    .map(([image, own]) => ({
      image,
      ...countOf(own, work),
      stacks: new Set(own.flatMap(({ stack }) => stack ?? [])).size,
    }))
    .toSorted((a, b) => b.instances - a.instances || (a.image < b.image ? -1 : 1));
}
