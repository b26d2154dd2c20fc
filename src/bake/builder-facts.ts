import { readFile, readdir, stat } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import * as z from 'zod';
import type { BuilderSettings } from '../config/settings.ts';
import type { Host } from '../platform/host.ts';
import type { BuilderFacts, BuilderInstance } from './builder.ts';
import type { BuildxProgram } from './buildx-program.ts';
import { engineFacts } from './engine-facts.ts';

/** How long a BuildKit socket may take to answer, in milliseconds. */
const DIAL_MS = 1_000;

/** The environment and places that Docker's tools use in this run. */
export interface DockerEnvironment {
  /** Complete environment for `docker`. */
  readonly env: Readonly<Record<string, string>>;
  readonly buildx: BuildxProgram;
  /** Where buildx keeps its builders. */
  readonly buildxConfig: string;
}

/** Gathers what {@link decideBuilder} needs, all at once. Never `docker buildx ls`: it waits 20 s on a dead builder. */
export async function builderFacts(
  host: Host,
  settings: BuilderSettings,
  docker: DockerEnvironment,
): Promise<BuilderFacts> {
  const [socket, instances, current, engine] = await Promise.all([
    settings.socket === undefined ? ('absent' as const) : dial(settings.socket),
    readInstances(docker.buildxConfig),
    readCurrent(docker.buildxConfig),
    engineFacts(host, docker.env),
  ]);
  return { socket, instances, engine, ...(current === undefined ? {} : { current }) };
}

/** Connects to `socket` as gRPC does and waits for the server's HTTP/2 settings: a listener alone proves nothing. */
export async function dial(socket: string, withinMs: number = DIAL_MS): Promise<BuilderFacts['socket']> {
  if (
    !(await stat(socket).then(
      (s) => s.isSocket(),
      () => false,
    ))
  )
    return 'absent';
  const { connect } = await import('node:http2');
  return await new Promise((resolve) => {
    const session = connect('http://buildkit', { createConnection: () => net.connect(socket) });
    const end = (state: 'answers' | 'dead'): void => {
      clearTimeout(timer);
      session.destroy();
      resolve(state);
    };
    const timer = setTimeout(end, withinMs, 'dead');
    session.once('remoteSettings', () => end('answers'));
    session.on('error', () => end('dead'));
  });
}

/** One file a builder under `instances/`; the format of buildx's store (store/nodegroup.go), stable since 0.5. */
const instanceFile = z
  .object({
    Name: z.string(),
    Driver: z.string().default('docker-container'),
    Nodes: z
      .array(
        z.object({
          Endpoint: z.string().default(''),
          DriverOpts: z.record(z.string(), z.string()).nullish(),
        }),
      )
      .default([]),
  })
  .transform((f): BuilderInstance => ({
    name: f.Name,
    driver: f.Driver,
    endpoints: f.Nodes.map((n) => n.Endpoint),
    options: f.Nodes[0]?.DriverOpts ?? {},
  }));

async function readInstances(buildxConfig: string): Promise<readonly BuilderInstance[]> {
  const directory = path.join(buildxConfig, 'instances');
  const names = await readdir(directory).catch(() => []);
  const parsed = await Promise.all(names.map((name) => readJson(path.join(directory, name), instanceFile)));
  return await Promise.all(parsed.filter((i) => i !== undefined).map(withLife));
}

/** Dials unix sockets; what is behind other endpoints shows when the builder is used. */
async function withLife(instance: BuilderInstance): Promise<BuilderInstance> {
  const sockets = instance.endpoints.filter((e) => instance.driver === 'remote' && e.startsWith('unix://'));
  const states = await Promise.all(sockets.map((socket) => dial(socket.slice('unix://'.length))));
  return states.every((state) => state === 'answers') ? instance : { ...instance, dead: true };
}

const currentFile = z.object({ Name: z.string().default('') });

async function readCurrent(buildxConfig: string): Promise<string | undefined> {
  const current = await readJson(path.join(buildxConfig, 'current'), currentFile);
  return current === undefined || current.Name === '' ? undefined : current.Name;
}

/** A file that is not there, half-written by another job, or of another format is no builder. */
async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
