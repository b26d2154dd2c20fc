import http from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { Host } from '../platform/host.ts';
import { succeeded } from '../platform/process.ts';
import { within } from '../platform/time-limit.ts';
import type { EngineFacts } from './builder.ts';
import { dockerContext } from './docker-context.ts';

/** How long the engine may take to answer, in milliseconds. */
const ANSWER_MS = 10_000;

/** What is read of the engine's `GET /info` (the same document as `docker info --format '{{json .}}'`). */
const info = z.object({
  DriverStatus: z.array(z.array(z.string())).nullish(),
  OperatingSystem: z.string().default(''),
  DockerRootDir: z.string().optional(),
  SecurityOptions: z.array(z.string()).nullish(),
  /** Docker's own addition: why it did not reach the engine. */
  ServerErrors: z.array(z.string()).nullish(),
});

/** What the engine of `env` says about itself. A local one is asked over its socket, others by `docker info`. */
export async function engineFacts(host: Host, env: Readonly<Record<string, string>>): Promise<EngineFacts> {
  const { name, endpoint } = await dockerContext(env);
  const place = { name, ...(endpoint === undefined ? {} : { endpoint }) };
  const socket = endpoint?.startsWith('unix://') === true ? endpoint.slice('unix://'.length) : undefined;
  const answer = socket === undefined ? undefined : await askSocket(host, socket);
  if (answer?.state === 'silent') {
    const { trouble } = answer;
    return { ...place, state: 'unreachable', ...(trouble === undefined ? {} : { trouble }) };
  }
  // An answer of another kind: something stands before the engine, docker may know how to talk to it.
  const said = read(answer?.text ?? '') ?? read(await askDocker(host, env));
  if (said === undefined) return { ...place, state: 'unreachable' };
  const exports = JSON.stringify(said.DriverStatus ?? []).includes('io.containerd.snapshotter');
  return {
    ...place,
    state: exports ? 'can-export' : 'cannot-export',
    operatingSystem: said.OperatingSystem,
    securityOptions: said.SecurityOptions ?? [],
    ...(said.DockerRootDir === undefined ? {} : { root: said.DockerRootDir }),
  };
}

type Answer =
  | { readonly state: 'answered'; readonly text: string }
  | { readonly state: 'silent'; readonly text?: undefined; readonly trouble?: string };

async function askSocket(host: Host, socketPath: string): Promise<Answer> {
  try {
    return {
      state: 'answered',
      text: await within(ANSWER_MS, async (stop) => await get(socketPath, stop), host),
    };
  } catch (error) {
    host.signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return { state: 'silent', ...(typeof code === 'string' ? { trouble: code } : {}) };
  }
}

/** The body of `GET /info`; '' for any answer but 200. */
async function get(socketPath: string, signal: AbortSignal): Promise<string> {
  const options = { socketPath, path: '/info', headers: { host: 'docker' }, agent: false, signal };
  return await new Promise((resolve, reject) => {
    const request = http.get(options, (response) => {
      text(response).then((body) => resolve(response.statusCode === 200 ? body : ''), reject);
    });
    request.on('error', reject);
  });
}

async function askDocker(
  { processes, signal }: Host,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const argv = ['docker', 'info', '--format', '{{json .}}'] as const;
  const finished = await processes.run({ argv, env, timeoutMs: ANSWER_MS }, { signal });
  return succeeded(finished) ? finished.stdout : '';
}

/** `undefined` where the text is no such document, or says that there was no engine to ask. */
function read(document: string): z.infer<typeof info> | undefined {
  try {
    const said = info.parse(JSON.parse(document));
    return (said.ServerErrors ?? []).length > 0 ? undefined : said;
  } catch {
    return undefined;
  }
}
