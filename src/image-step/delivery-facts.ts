import type { BuilderChoice, BuilderFacts } from '../bake/builder.ts';
import type { DeliveryFacts } from '../delivery/choose-delivery.ts';

/** What is known of the way from the builder to this machine. */
export function deliveryFacts(
  { name, driver, endpoint }: BuilderChoice,
  { instances, engine }: BuilderFacts,
  { offline }: { readonly offline: boolean },
): Omit<DeliveryFacts, 'mayWrite'> {
  const options = instances.find((instance) => instance.name === name)?.options;
  return {
    driver,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(options === undefined ? {} : { driverOptions: options }),
    engine: {
      ...(engine.endpoint === undefined ? {} : { endpoint: engine.endpoint }),
      rootless: engine.securityOptions?.some((option) => option.startsWith('name=rootless')) === true,
      desktop: engine.operatingSystem?.includes('Docker Desktop') === true,
    },
    offline,
  };
}
