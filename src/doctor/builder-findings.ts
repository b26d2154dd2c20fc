import type { BuilderDecision, BuilderFacts } from '../bake/builder.ts';
import type { DeliveryChoice } from '../delivery/choose-delivery.ts';
import { type DoctorFinding, ok, warning } from './finding.ts';

/** What the engine says of itself. `needed`: no other builder is there for the build. */
export function engineFinding(
  { engine }: Pick<BuilderFacts, 'engine'>,
  { needed }: { readonly needed: boolean },
): DoctorFinding {
  const check = 'engine';
  const place = engine.endpoint === undefined ? engine.name : engine.endpoint;
  const system = (engine.operatingSystem ?? '') === '' ? '' : ` on ${engine.operatingSystem}`;
  switch (engine.state) {
    case 'can-export':
      return ok(check, `answers at ${place}${system}; exports caches (containerd image store)`);
    case 'cannot-export': {
      const text = `answers at ${place}${system}, and cannot export caches`;
      if (!needed) return ok(check, `${text}: another builder does`);
      return warning(check, { text, fix: EXPORTS });
    }
    case 'unreachable': {
      const trouble = engine.trouble === undefined ? '' : ` (${engine.trouble})`;
      const text = `no engine answers at ${place}${trouble}`;
      if (!needed) return ok(check, `${text}; it is not needed: another builder is there`);
      const fix =
        engine.trouble === 'EACCES'
          ? 'this user may not open the socket: add the user to its group (docker, as a rule) and log in again'
          : 'start Docker, or let DOCKER_HOST or the docker context name the engine that runs';
      return warning(check, { text, fix });
    }
  }
}

const EXPORTS =
  'switch the engine to the containerd image store, or set builder.image to a BuildKit image pinned by digest';

/** Which builder a build would take. */
export function builderFindings({ choice, warnings }: BuilderDecision): readonly DoctorFinding[] {
  const check = 'builder';
  const { action, name, driver, because } = choice;
  const made = action === 'create' ? 'would create ' : '';
  return [
    ok(check, `${made}${name} (${driver}): ${because}`),
    ...warnings.map(({ message }) => warning(check, { text: message, fix: REVIVE })),
  ];
}

const REVIVE =
  'start the buildkitd behind that socket (systemctl status buildkit), or take the builder out of builder.socket, builder.name or `docker buildx use`';

/** How a merged cache would reach the builder. */
export function deliveryFinding({ order: [first], because }: DeliveryChoice): DoctorFinding {
  const check = 'delivery';
  switch (first) {
    case 'gateway':
      return ok(
        check,
        `the builder shares this machine's loopback (${because}): merged caches are served to it here`,
      );
    case 'registry':
      return ok(
        check,
        `the builder has a loopback of its own (${because}): merged caches are written to the cache repository for it`,
      );
    case 'single':
      return warning(check, {
        text: `merged caches cannot reach the builder (${because}): only the closest cache is imported`,
        fix: "use the engine of this machine, a BuildKit on a socket, or a docker-container builder with the host's network (--driver-opt network=host)",
      });
  }
}
