import { randomInt } from 'node:crypto';
import { statfs, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { delimiter, join } from 'node:path';
import { startGuarded } from './guarded.ts';
import { PartMissing, type Running } from './part.ts';
import type { BusyboxSource } from './parts.ts';

/**
 * dockerd as the first process of PID and mount namespaces of its own: when it ends, for whatever reason, the kernel
 * ends containerd, shims and build steps and drops every mount with it. /run is private since BuildKit's runc keeps
 * state in /run/runc. The bridge is ours alone, so that a second engine or the user's docker0 stays untouched.
 */
const SCRIPT = `set -e
busybox=$1 bridge=$2 address=$3 config=$4 directory=$5
"$busybox" mount -t tmpfs tmpfs /run
"$busybox" brctl addbr "$bridge"
"$busybox" ip address add "$address" dev "$bridge"
"$busybox" ip link set "$bridge" up
`;

const LOOPBACK = '"$busybox" ip link set lo up\n';

/** The engine, until it ends. */
const SERVE = 'exec dockerd --config-file "$config"';

const UNSHARE = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;

/** What statfs(2) calls overlayfs, a container's own file system: overlays cannot be stacked on it. */
const OVERLAYFS = 0x79_4c_76_30;

/** Whether an engine answers on the socket. */
export async function answersPing(socketPath: string): Promise<true | undefined> {
  return await new Promise((resolve) => {
    request({ socketPath, path: '/_ping', timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? true : undefined);
    })
      .once('error', () => {
        resolve(undefined);
      })
      .end();
  });
}

/** What {@link startDockerd} works with. */
export interface DockerdNeeds {
  /** Folders of dockerd, containerd, runc and docker. */
  readonly path: readonly string[];
  /** Folders of their libraries, as LD_LIBRARY_PATH has them. */
  readonly libraries: string;
  /** Takes everything that the engine writes; removed at the end. */
  readonly directory: string;
  readonly busybox: BusyboxSource;
  /** The first process of containers that ask for one. Default: none, and those do not start. */
  readonly init?: string | undefined;
  /** Shell lines that run dockerd with `$config`; may look into `$directory`. Default: once, until it ends. */
  readonly serve?: string;
  /** Further variables of dockerd. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gives it a network of its own: another loopback than this machine's, and no way out. Default: false. */
  readonly ownNetwork?: boolean;
}

/**
 * Starts a Docker Engine of which everything lies in `directory` and ends with it; needs root.
 * Build steps get a bridge network without a way out (no iptables rules, no forwarding): nothing here needs one.
 */
export async function startDockerd(needs: DockerdNeeds): Promise<Running & { readonly dockerHost: string }> {
  const { path, libraries, directory, busybox, init, serve = SERVE, env = {}, ownNetwork = false } = needs;
  if (busybox.kind !== 'program')
    throw new PartMissing('busybox', 'it sets up the network of an engine of our own');
  const socket = join(directory, 'docker.sock');
  /** Names what lies outside of `directory`: the bridge and the control groups. */
  const name = `wb${randomInt(16 ** 6).toString(16)}`;
  // 198.18.0.0/15 is set aside for tests between two networks (RFC 2544): no real network is hidden.
  const address = `198.${randomInt(18, 20)}.${randomInt(256)}.1/24`;
  const config = join(directory, 'daemon.json');
  const settings = {
    features: { 'containerd-snapshotter': true },
    'data-root': join(directory, 'data'),
    'exec-root': join(directory, 'run'),
    pidfile: join(directory, 'docker.pid'),
    hosts: [`unix://${socket}`],
    'storage-driver': (await statfs(directory)).type === OVERLAYFS ? 'native' : 'overlayfs',
    bridge: name,
    'cgroup-parent': name,
    iptables: false,
    ip6tables: false,
    'ip-forward': false,
    'ip-masq': false,
    'userland-proxy': false,
    ...(init === undefined ? {} : { 'init-path': init }),
  };
  await writeFile(config, JSON.stringify(settings));
  const { stop } = await startGuarded({
    argv: [
      ...UNSHARE,
      ...(ownNetwork ? ['--net'] : []),
      'sh',
      '-c',
      `${SCRIPT}${ownNetwork ? LOOPBACK : ''}${serve}`,
      'sh',
      busybox.path,
      name,
      address,
      config,
      directory,
    ],
    env: { ...env, PATH: [...path, process.env['PATH'] ?? ''].join(delimiter), LD_LIBRARY_PATH: libraries },
    directory,
    afterwards: [
      [busybox.path, 'ip', 'link', 'delete', name],
      // A killed step leaves its control group behind; empty ones are directories that can be removed.
      [busybox.path, 'find', '/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${name}*`, '-delete'],
    ],
    ready: () => answersPing(socket),
  });
  return { dockerHost: `unix://${socket}`, stop };
}
