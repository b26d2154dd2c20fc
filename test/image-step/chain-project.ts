import { BASE_IMAGE } from '../../parts/base-image.ts';
import type { Files } from '../../parts/ci-job/checkout.ts';
import type { Configuration } from '../../parts/ci-job/configuration.ts';

/**
 * Ordinary COPY, as nearly every Dockerfile has it: each layer stands on all layers below. Three branches on one stage, so that caches
 * of two commits share records and differ above them, and three images that share stages. What a step writes is made of what it reads:
 * a layer in a wrong place shows.
 */
const DOCKERFILE = `FROM ${BASE_IMAGE} AS tools
COPY tools.txt /tools.txt
RUN sha256sum /tools.txt > /tools
FROM tools AS dependencies
COPY lock.txt /lock.txt
RUN sha256sum /tools /lock.txt > /dependencies && rm /tools.txt && mkdir -m 750 /vendor && cp /lock.txt /vendor
FROM tools AS assets
COPY assets.txt /assets.txt
RUN sha256sum /tools /assets.txt > /assets && ln -s /assets /latest-assets
FROM tools AS pages
COPY site.txt /site.txt
RUN sha256sum /tools /site.txt > /pages
FROM dependencies AS compiled
COPY source.txt /source.txt
RUN sha256sum /dependencies /source.txt > /compiled && chmod 4755 /compiled
FROM compiled AS app
COPY --from=assets /assets /assets
COPY --from=pages /pages /pages
ARG COMMIT=unknown
RUN echo $COMMIT | sha256sum - /compiled /assets /pages > /version
FROM compiled AS check
RUN sha256sum /compiled > /report
ARG COMMIT=unknown
RUN echo $COMMIT > /checked
FROM pages AS site
COPY --from=assets /assets /assets
ARG COMMIT=unknown
RUN echo $COMMIT | sha256sum - /assets /pages > /site
`;

const BAKE_FILE = `variable "COMMIT" {
  default = "unknown"
}
target "_commit" {
  args = {
    COMMIT = COMMIT
  }
}
target "app" {
  inherits = ["_commit"]
  target   = "app"
}
target "check" {
  inherits = ["_commit"]
  target   = "check"
}
target "site" {
  inherits = ["_commit"]
  target   = "site"
}
`;

/** The project at its first commit; `mark` is in its first step, so that no other project's layers are these. */
export function chainFiles(mark: string): Files {
  return {
    Dockerfile: DOCKERFILE,
    'docker-bake.hcl': BAKE_FILE,
    'tools.txt': mark,
    'lock.txt': 'one\n',
    'assets.txt': 'one\n',
    'source.txt': 'one\n',
    'site.txt': 'one\n',
  };
}

/** Target names of the configuration and the stages of the Dockerfile that they build. */
export const STAGES = { 'test-ci': 'app', checks: 'check', docs: 'site' } as const;
export type ChainTarget = keyof typeof STAGES;

/** The configuration with these targets; several of one commit are kept apart by lanes. */
export function chainConfiguration(same: Configuration, targets: readonly ChainTarget[]): Configuration {
  const entries = targets.map((name) => {
    const lane = name === 'test-ci' ? {} : { lane: name };
    return [name, { inherits: [STAGES[name]], ...lane }] as const;
  });
  return { ...same, targets: Object.fromEntries(entries) };
}

/** Steps that no cache can have: they take the commit's id. */
export const OF_THE_COMMIT = {
  'test-ci': ['[app] RUN echo $COMMIT | sha256sum - /compiled /assets /pages > /version'],
  checks: ['[check] RUN echo $COMMIT > /checked'],
  docs: ['[site] RUN echo $COMMIT | sha256sum - /assets /pages > /site'],
} as const satisfies Record<ChainTarget, readonly string[]>;

/** Steps by what they need; each is executed exactly where nobody has built it from the same content. */
export const STEPS = {
  tools: ['[tools] COPY tools.txt /tools.txt', '[tools] RUN sha256sum /tools.txt > /tools'],
  dependencies: [
    '[dependencies] COPY lock.txt /lock.txt',
    '[dependencies] RUN sha256sum /tools /lock.txt > /dependencies && rm /tools.txt && mkdir -m 750 /vendor && cp /lock.txt /vendor',
  ],
  assets: [
    '[assets] COPY assets.txt /assets.txt',
    '[assets] RUN sha256sum /tools /assets.txt > /assets && ln -s /assets /latest-assets',
  ],
  compiled: [
    '[compiled] COPY source.txt /source.txt',
    '[compiled] RUN sha256sum /dependencies /source.txt > /compiled && chmod 4755 /compiled',
  ],
  pages: ['[pages] COPY site.txt /site.txt', '[pages] RUN sha256sum /tools /site.txt > /pages'],
  app: ['[app] COPY --from=assets /assets /assets', '[app] COPY --from=pages /pages /pages'],
  check: ['[check] RUN sha256sum /compiled > /report'],
  site: ['[site] COPY --from=assets /assets /assets'],
} as const;
