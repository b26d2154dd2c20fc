import type { Host } from '../../platform/host.ts';

/** A machine as HashiCorp's releases call it: `linux`, `amd64`. */
export interface ReleaseMachine {
  readonly os: 'linux' | 'darwin';
  readonly arch: 'amd64' | 'arm64';
}

const OS: Readonly<Record<string, ReleaseMachine['os']>> = { Linux: 'linux', Darwin: 'darwin' };
const ARCH: Readonly<Record<string, ReleaseMachine['arch']>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

/** This machine, or what it calls itself where there is no release for it. */
export async function releaseMachine(host: Host): Promise<ReleaseMachine | string> {
  const finished = await host.processes.run(
    { argv: ['uname', '-sm'], env: { PATH: host.env['PATH'] ?? '' }, timeoutMs: 10_000 },
    { signal: host.signal },
  );
  host.signal.throwIfAborted();
  const said = finished.stdout.trim();
  const [kernel = '', processor = ''] = said.split(' ');
  const os = OS[kernel];
  const arch = ARCH[processor];
  return os === undefined || arch === undefined ? said : { os, arch };
}
