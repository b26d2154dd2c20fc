import { randomInt } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { THROUGH_DOCKER } from '../../src/bake/buildx-program.ts';
import { overlayText, secretEnvironment } from '../../src/bake/overlay.ts';
import { type BakeRun, runBake } from '../../src/bake/run.ts';
import type { Settings } from '../../src/config/settings.ts';
import { listenForSccache } from '../../src/sccache/listener.ts';
import { type BuildSecret, secretEntry } from '../../src/sccache/secret.ts';
import { STATISTICS_LINE } from '../../src/sccache/statistics.ts';
import { type SccacheSummary, summariseSccache } from '../../src/sccache/summary.ts';
import { openHost } from '../registry/fixture-host.ts';
import { BASE_IMAGE } from '../../parts/base-image.ts';
import type { Engine } from '../../parts/engine.ts';

/**
 * `cc` compiles three files with the sccache of the `sccache` context; `noisy` prints more than BuildKit keeps before its
 * statistics; `shown` tells what arrived. A changed `again` runs a step once more.
 */
const DOCKERFILE = `
FROM ${BASE_IMAGE} AS compiler
COPY --from=packages usr /usr
RUN for d in lib lib64; do [ -e /$d ] || [ ! -e /usr/$d ] || ln -s usr/$d /$d; done \\
 && cd /usr/bin && ln -sf *-linux-gnu-gcc-14 gcc && ln -sf *-linux-gnu-as as \\
 && mkdir -p /usr/include && touch /usr/include/stdc-predef.h
ENV PATH=/opt/sccache:/usr/bin:/bin HOME=/root AWS_EC2_METADATA_DISABLED=true
ARG USE_SCCACHE SCCACHE_BUCKET_NAME SCCACHE_REGION_NAME SCCACHE_S3_NO_CREDENTIALS SCCACHE_S3_KEY_PREFIX SCCACHE_ENDPOINT
ENV SCCACHE_BUCKET=$SCCACHE_BUCKET_NAME SCCACHE_REGION=$SCCACHE_REGION_NAME SCCACHE_IDLE_TIMEOUT=0 \\
    SCCACHE_S3_KEY_PREFIX=$SCCACHE_S3_KEY_PREFIX SCCACHE_ENDPOINT=$SCCACHE_ENDPOINT
COPY --from=sccache sccache /opt/sccache/sccache
COPY *.c /src/
WORKDIR /src

FROM compiler AS shown
ARG again
RUN --mount=type=secret,id=aws-credentials,target=/root/.aws/credentials,required=false \\
    env | grep SCCACHE | sort; [ ! -e /root/.aws/credentials ] || stat -c 'secret %a %s bytes' /root/.aws/credentials

FROM compiler AS cc
ARG again
ARG SCCACHE_SERVER_PORT
RUN --mount=type=secret,id=aws-credentials,target=/root/.aws/credentials,required=false \\
    for f in one two one; do sccache gcc -c $f.c -o $f.o || exit 1; done && ${STATISTICS_LINE}

FROM compiler AS noisy
ARG again
RUN yes | head -c 4000000 && ${STATISTICS_LINE}
`;

const BAKE = `
target "base" {
  contexts = { packages = PACKAGES, sccache = SCCACHE }
  args = { again = AGAIN, SCCACHE_SERVER_PORT = PORT }
  network = NETWORK
}
${['PACKAGES', 'SCCACHE', 'AGAIN', 'PORT', 'NETWORK'].map((name) => `variable "${name}" { default = "" }`).join('\n')}
`;

/** One build of the project. */
export interface CompileRequest {
  readonly settings: Settings;
  readonly stage: 'cc' | 'shown' | 'noisy';
  /** Any other value than before runs the stage's step again. */
  readonly again: string;
  readonly secret?: BuildSecret;
}

/** What it came to. */
export interface CompileResult {
  readonly run: BakeRun;
  readonly summary: SccacheSummary;
  /** Output of all steps. */
  readonly output: readonly string[];
}

/** A project whose image compiles C with sccache. */
export interface CompileProject extends AsyncDisposable {
  bake(request: CompileRequest): Promise<CompileResult>;
}

/** What a project is made of, and where it is built. */
export interface CompileTools {
  readonly engine: Engine;
  /** Root with compiler and libraries. */
  readonly compiler: string;
  /** The sccache that the image gets. */
  readonly sccache: string;
  /** Steps share this machine's network, so that they reach its loopback. By default they have none. */
  readonly hostNetwork?: boolean;
}

/** Makes the project in a folder of its own. */
export async function openCompileProject(tools: CompileTools): Promise<CompileProject> {
  const root = await mkdtemp(path.join(tmpdir(), 'warmbake-sccache-'));
  const host = await openHost();
  const { env } = tools.engine;
  // In the host's network, servers of several projects would be one another's.
  const port = String(randomInt(20_000, 30_000));
  // Copied, so that its name is right whatever WARMBAKE_TEST_SCCACHE calls it: under another one it is a compiler.
  await mkdir(path.join(root, 'sccache'));
  await mkdir(host.scratch);
  await copyFile(tools.sccache, path.join(root, 'sccache', 'sccache'));
  await writeFile(path.join(root, 'Dockerfile'), DOCKERFILE);
  await writeFile(path.join(root, 'docker-bake.hcl'), BAKE);
  await writeFile(path.join(root, 'one.c'), 'int one(int n) { return n + 1; }\n');
  await writeFile(path.join(root, 'two.c'), 'int two(int n) { return n + 2; }\n');
  return {
    bake: async ({ settings, stage, again, secret }) => {
      const targets = settings.targets.map((target) => ({ ...target, inherits: ['base'], stage }));
      await writeFile(path.join(root, 'ci.hcl'), overlayText({ ...settings, targets }));
      const listener = listenForSccache();
      const output: string[] = [];
      const emit: typeof host.emit = (event) => {
        listener.hear(event);
        if (event.type === 'log') output.push(...event.lines);
      };
      const variables = {
        PACKAGES: tools.compiler,
        SCCACHE: path.join(root, 'sccache'),
        AGAIN: again,
        PORT: port,
        ...(secret === undefined ? {} : secretEnvironment(secretEntry(secret))),
        NETWORK: tools.hostNetwork === true ? 'host' : 'none',
      };
      const target = settings.targets[0]?.name ?? '';
      const call = { files: ['docker-bake.hcl', 'ci.hcl'], targets: [target], set: [], cwd: root };
      const run = await runBake(
        { ...host, emit },
        { ...call, env: { ...env, ...variables }, buildx: THROUGH_DOCKER },
        { builder: 'default' },
      );
      return { run, output, summary: summariseSccache(run.record.steps, listener.heard()) };
    },
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}
