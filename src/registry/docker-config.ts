import { readFile } from 'node:fs/promises';
import path from 'node:path';

import * as z from 'zod';

import { messageOf } from '../platform/errors.ts';
import type { Host } from '../platform/host.ts';
import type { Credential } from './credential.ts';
import { decodeLogin } from './basic-login.ts';

const StoredLogin = z.looseObject({ auth: z.string().optional(), identitytoken: z.string().optional() });

/** The keys of docker's `config.json` that are read here; all others are carried along. */
const File = z.looseObject({
  auths: z.record(z.string(), StoredLogin).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

/** Docker's `config.json` (docs.docker.com/reference/cli/docker, "Docker CLI configuration file"). */
export type DockerConfig = z.infer<typeof File>;

/** The user's docker configuration directory: DOCKER_CONFIG, else `~/.docker`; `undefined` without HOME. */
export function dockerDirectory(env: Host['env']): string | undefined {
  const chosen = env['DOCKER_CONFIG'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const home = env['HOME'];
  return home === undefined || home === '' ? undefined : path.join(home, '.docker');
}

/** Receives a warning: a stable code and a message. */
export type Report = (code: string, message: string) => void;

/**
 * Reads the user's configuration. What is not there is empty; what cannot be read is reported by path and treated as empty,
 * since a build may well not need it. Messages never quote the file: it holds passwords.
 */
export async function readDockerConfig(env: Host['env'], report: Report): Promise<DockerConfig> {
  const directory = dockerDirectory(env);
  if (directory === undefined) return {};
  const file = path.join(directory, 'config.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') report('docker-config', messageOf(error));
    return {};
  }
  const config = parseDockerConfig(text);
  if (config === undefined)
    report('docker-config', `${file} is not a valid docker configuration; it is ignored`);
  return config ?? {};
}

/** `undefined` where the text is not JSON of the documented form. */
export function parseDockerConfig(text: string): DockerConfig | undefined {
  try {
    return File.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * The names under which docker's configuration keeps `host`, the one that docker itself writes first. Docker Hub's is an
 * old URL (docker/cli, `registry.IndexServer`).
 */
export function dockerNames(host: string): readonly [string, ...string[]] {
  return host === 'docker.io' ? ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io'] : [host];
}

/** Where docker would take the login for a host from. */
export type LoginSource =
  | { readonly kind: 'helper'; readonly name: string }
  | { readonly kind: 'file'; readonly credential: Credential }
  | { readonly kind: 'none' };

/**
 * Docker's own order: the host's helper, else the general store, else the file. An empty helper means the file
 * (tried with buildx 0.13 and 0.29: `credsStore` is not asked then).
 */
export function loginSource(config: DockerConfig, host: string): LoginSource {
  const names = dockerNames(host);
  const helper = names.map((name) => config.credHelpers?.[name]).find((name) => name !== undefined);
  const program = helper ?? config.credsStore ?? '';
  if (program !== '') return { kind: 'helper', name: program };
  const logins = config.auths ?? {};
  const key = Object.keys(logins).find((name) => names.includes(name) || names.includes(hostOfKey(name)));
  const credential = key === undefined ? undefined : readLogin(logins[key]);
  return credential === undefined ? { kind: 'none' } : { kind: 'file', credential };
}

/** The host of a key of `auths` or `credHelpers`. Old keys are URLs: `https://host/v1/`. */
export function hostOfKey(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

function readLogin(login: z.infer<typeof StoredLogin> | undefined): Credential | undefined {
  if (login?.identitytoken !== undefined && login.identitytoken !== '') {
    return { kind: 'identity-token', token: login.identitytoken };
  }
  const basic = decodeLogin(login?.auth ?? '');
  return basic === undefined ? undefined : { kind: 'basic', ...basic };
}
