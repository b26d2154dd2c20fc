import { parseEcrHost } from './ecr-host.ts';
import type { Repository } from './reference.ts';

/**
 * One text for all spellings of a repository: registries that answer under several names, the default ports, this machine's many
 * addresses. Rather takes two for one than one for two: it decides what must be apart.
 */
export function canonicalRepository({ host, path }: Repository): string {
  const registry = canonicalHost(host);
  // Docker Hub's short names.
  const whole = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return `${registry}/${whole}`;
}

const DOCKER_HUB = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

function canonicalHost(host: string): string {
  const { name, port } = partsOf(host);
  if (DOCKER_HUB.has(name)) return 'docker.io';
  if (isThisMachine(name)) return `this-machine${port}`;
  const ecr = parseEcrHost(name);
  if (ecr === undefined) return `${name}${port}`;
  return ecr.kind === 'public' ? 'public.ecr' : `${name.slice(0, 12)}.ecr.${ecr.region}`;
}

/** Name or address in the one form that URLs have (`127.1` is `127.0.0.1`), and a port that no scheme implies. */
function partsOf(host: string): { readonly name: string; readonly port: string } {
  const plain = host.toLowerCase().replace(/:0*(?:80|443)$/, '');
  const url = URL.canParse(`http://${plain}`) ? new URL(`http://${plain}`) : undefined;
  const port = /:(\d+)$/.exec(plain)?.[1];
  const name = (url?.hostname ?? plain.replace(/:\d+$/, '')).replace(/\.$/, '');
  return { name, port: port === undefined ? '' : `:${Number(port)}` };
}

function isThisMachine(name: string): boolean {
  return (
    /^(?:localhost|.*\.localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\])$/.test(name) ||
    // IPv4 in IPv6, as URLs write it.
    /^\[::ffff:(?:7f[0-9a-f]{2}:[0-9a-f]{1,4}|0:0)\]$/.test(name)
  );
}
