import { setImmediate as otherWork } from 'node:timers/promises';
import { checkoutPlace } from '../context/checkout.ts';
import type { Host } from '../platform/host.ts';
import type { Input } from './command.ts';
import type { OpenedConfiguration } from './configuration.ts';

/**
 * Reads the configuration that this run may use, from where it may come (`configuration.ts`). Git tells where the checkout is while
 * the reading part is loaded: together they are a good part of what a short command takes.
 */
export async function openConfiguration(host: Host, input: Input): Promise<OpenedConfiguration> {
  const checkout = checkoutPlace(host);
  checkout.catch(() => undefined);
  // Loading lets nothing else go on; git has to be on its way by then.
  await otherWork();
  const { configurationOf } = await import('./configuration.ts');
  return await configurationOf(host, input, checkout);
}
