import { isLoopback } from '../registry/reference.ts';

/** How BuildKit gets at a merged cache. `single`: not at all; it imports one donor, the closest. */
export type Delivery = 'gateway' | 'registry' | 'single';

/** What the choice rests on. */
export interface DeliveryFacts {
  /** Of the builder, as buildx calls it. */
  readonly driver: string;
  /** Of the builder: `unix:///…`, `tcp://host:1234`, or the name of a docker context. */
  readonly endpoint?: string;
  /** `network` and others, as buildx keeps them (`DriverOpts`). */
  readonly driverOptions?: Readonly<Record<string, string>>;
  readonly engine: {
    /** Address of the engine behind the current context; absent where it is not known. */
    readonly endpoint?: string;
    /** Its security options have `name=rootless`. */
    readonly rootless: boolean;
    /** Docker Desktop and its like: the engine runs in a machine of its own. */
    readonly desktop: boolean;
  };
  /** Nothing is asked and nothing written. */
  readonly offline: boolean;
  /** Whether there is a cache repository that this build may write. */
  readonly mayWrite: boolean;
}

/** Deliveries to try one after the other, the last one always `single`, and why the first is first. */
export interface DeliveryChoice {
  readonly order: readonly [Delivery, ...Delivery[]];
  /** One phrase for the plan. */
  readonly because: string;
}

/**
 * Decides how a merged cache reaches the builder. The facts can be wrong (a tool in a container beside a mounted socket
 * has another loopback than the engine): where the gateway was not reached, the next one of the order is tried.
 */
export function chooseDelivery(facts: DeliveryFacts): DeliveryChoice {
  if (facts.offline) return { order: ['single'], because: 'offline: nothing is merged' };
  const place = loopback(facts);
  const registry = facts.mayWrite ? (['registry'] as const) : [];
  if (place.shared) return { order: ['gateway', ...registry, 'single'], because: place.because };
  if (facts.mayWrite) return { order: ['registry', 'single'], because: place.because };
  const because = `${place.because}, and this build may not write the cache repository`;
  return { order: ['single'], because };
}

/** Whether the builder's 127.0.0.1 is this machine's. */
function loopback(facts: DeliveryFacts): { readonly shared: boolean; readonly because: string } {
  const { driver, endpoint = '', driverOptions = {} } = facts;
  const yes = (because: string) => ({ shared: true, because });
  const no = (because: string) => ({ shared: false, because });
  switch (driver) {
    case 'remote':
      if (endpoint.startsWith('unix://')) return yes('BuildKit is on a socket of this machine');
      if (isLocalTcp(endpoint)) return yes("BuildKit is on this machine's loopback");
      return no(`BuildKit is at ${endpoint}`);
    case 'docker': {
      const away = engineIsAway(facts.engine);
      return away === undefined ? yes('the engine is on this machine') : no(away);
    }
    case 'docker-container': {
      const away = engineIsAway(engineOf(facts));
      if (away !== undefined) return no(away);
      if (driverOptions['network'] === 'host') return yes("the builder's container has the host's network");
      return no('the builder is in a container with a network of its own');
    }
    default:
      return no(`a builder of driver '${driver}' has a network of its own`);
  }
}

/** A container builder has an engine of its own, which may be named by a context; that one is only known as the current one. */
function engineOf({ endpoint = '', engine }: DeliveryFacts): DeliveryFacts['engine'] {
  return endpoint.includes('://') ? { ...engine, endpoint } : engine;
}

/** Why an engine does not have this machine's loopback; `undefined` where it does. */
function engineIsAway({ endpoint, rootless, desktop }: DeliveryFacts['engine']): string | undefined {
  if (rootless) return 'the engine is rootless and has a network of its own';
  if (desktop) return 'Docker Desktop runs the engine in a virtual machine';
  if (endpoint === undefined || endpoint.startsWith('unix://')) return undefined;
  return `the engine is at ${endpoint}`;
}

/** A forwarded port looks the same; whoever forwards one is found out by the gateway that is not reached. */
function isLocalTcp(endpoint: string): boolean {
  return endpoint.startsWith('tcp://') && isLoopback(endpoint.slice('tcp://'.length));
}
