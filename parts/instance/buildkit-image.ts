import { execa } from 'execa';
import { ACCEPT_MANIFESTS } from '../../src/registry/media-types.ts';
import { BASE_IMAGE } from '../base-image.ts';
import type { Engine } from '../engine.ts';
import type { Registry } from '../registry.ts';

/** What makes the networks of steps. */
const NETWORK = ['bridge', 'loopback', 'host-local', 'firewall'].map((name) => `buildkit-cni-${name}`);

/**
 * Pushes an image with the programs of moby/buildkit; they do nothing, as the machine's BuildKit is an engine's. What
 * buildctl is called with on the machine is recorded.
 * Answers with its reference by digest.
 */
export async function pushBuildkitImage(
  engine: Pick<Engine, 'env'>,
  registry: Registry,
  repository: string,
): Promise<string> {
  const name = `${registry.host}/${repository}/buildkit`;
  const texts = {
    buildkitd: 'exit 0',
    buildctl: '. /usr/local/bin/surroundings; echo "buildctl $*" >>"$LOG"',
    'buildkit-runc': 'exit 0',
    ...Object.fromEntries(NETWORK.map((program) => [program, 'exit 0'])),
  };
  const programs = Object.entries(texts).map(
    ([program, text]) =>
      `RUN --network=none mkdir -p /usr/bin && printf '#!/bin/sh\\n${text}\\n' >/usr/bin/${program}\n`,
  );
  const input = `FROM ${BASE_IMAGE}\n${programs.join('')}CMD ["buildkitd"]\n`;
  const options = { env: engine.env, extendEnv: false, input };
  await execa(
    'docker',
    ['buildx', 'build', '--push', '--provenance=false', '--tag', `${name}:1`, '-'],
    options,
  );
  const head = await fetch(`http://${registry.host}/v2/${repository}/buildkit/manifests/1`, {
    method: 'HEAD',
    headers: { accept: ACCEPT_MANIFESTS },
  });
  return `${name}@${head.headers.get('docker-content-digest')}`;
}
