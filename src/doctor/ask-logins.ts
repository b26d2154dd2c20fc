import type { Settings } from '../config/settings.ts';
import { decideLogins, loginHosts } from '../image-step/build-logins.ts';
import type { BuildServices } from '../image-step/build-services.ts';
import type { BuildContext } from '../context/context.ts';
import type { Host } from '../platform/host.ts';
import { loginSource } from '../registry/docker-config.ts';
import { boundedFindings } from './bounded-findings.ts';
import type { DoctorFinding } from './finding.ts';
import { loginFinding } from './login-findings.ts';

/** Where the login of each registry comes from that a build logs in to, side by side. */
export async function askLogins(
  host: Host,
  { credentials, settings }: Pick<BuildServices, 'credentials'> & { readonly settings: Settings },
  { origin, trusted }: Pick<BuildContext, 'origin' | 'trusted'>,
): Promise<readonly DoctorFinding[]> {
  const grant = decideLogins(settings, { trusted, ci: origin.kind !== 'local' });
  const config = await credentials.dockerConfig();
  const asked = loginHosts(settings).map((registry) =>
    boundedFindings(host, { check: 'login' }, async () => {
      const credential = await credentials.lookUp(registry);
      return [loginFinding({ host: registry, credential, source: loginSource(config, registry), grant })];
    }),
  );
  return (await Promise.all(asked)).flat();
}
