import { execa } from 'execa';
import { here, missing, type Part } from './part.ts';

/** A Docker Engine that somebody else runs and the tests may use. */
export interface ExistingDocker {
  readonly dockerHost: string;
  /** Path of the user's buildx plugin, where the CLI found one. */
  readonly buildx?: string;
}

/** The fields read from `docker info --format '{{json .}}'`. */
interface Info {
  readonly ServerVersion?: string;
  readonly ServerErrors?: readonly string[];
  readonly OSType?: string;
  readonly DriverStatus?: readonly (readonly [string, string])[];
  readonly ClientInfo?: {
    readonly Plugins?: readonly {
      readonly Name: string;
      readonly Version?: string;
      readonly Path?: string;
    }[];
  };
}

async function docker(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await execa('docker', args, { reject: false, timeout: 10_000, env, extendEnv: false });
  return stdout;
}

/**
 * Looks at the Docker that `env` leads to (DOCKER_HOST, DOCKER_CONTEXT, the current context). Usable is one on a unix
 * socket (engine and registry must share this machine's loopback) that runs Linux and has the containerd image store
 * (without it there is no registry cache export).
 */
export async function findDocker(env: NodeJS.ProcessEnv): Promise<Part<ExistingDocker>> {
  const dockerHost = (
    await docker(['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], env)
  ).trim();
  if (dockerHost === '') return missing('no docker command');
  if (!dockerHost.startsWith('unix://')) return missing(`the engine at ${dockerHost} is not on this machine`);

  const said = await docker(['--host', dockerHost, 'info', '--format', '{{json .}}'], env);
  const info = said.startsWith('{') ? (JSON.parse(said) as Info) : {};
  if (info.ServerVersion === undefined || info.ServerVersion === '')
    return missing(info.ServerErrors?.[0] ?? `no engine answers at ${dockerHost}`);
  if (info.OSType !== 'linux') return missing(`the engine at ${dockerHost} runs ${info.OSType}`);
  const containerd = info.DriverStatus?.some(
    ([key, value]) => key === 'driver-type' && /containerd/.test(value),
  );
  if (containerd !== true)
    return missing(
      `the engine at ${dockerHost} lacks the containerd image store ("features": {"containerd-snapshotter": true} in daemon.json)`,
    );

  const plugin = info.ClientInfo?.Plugins?.find(({ Name }) => Name === 'buildx');
  const buildx = plugin?.Path === undefined ? {} : { buildx: plugin.Path };
  return here(`Docker ${info.ServerVersion} at ${dockerHost}`, { dockerHost, ...buildx });
}
