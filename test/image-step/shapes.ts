import { BASE_IMAGE } from '../../parts/base-image.ts';

/** A project in the shape of public ones: what its bake files use, and nothing of what it builds. */
export interface Shape {
  readonly files: Readonly<Record<string, string>>;
  readonly bakeFiles: readonly string[];
  /** `targets` of the configuration. */
  readonly targets: Readonly<Record<string, object>>;
}

const HCL = ['docker-bake.hcl'];

/** A command line tool: stages of one Dockerfile, chains of `inherits`, outputs to folders, a matrix of checks, releases for many platforms. */
export const TOOL: Shape = {
  bakeFiles: HCL,
  targets: { default: {}, lint: {}, cross: { lane: 'cross' }, image: { lane: 'image' } },
  files: {
    Dockerfile: `# check=skip=all
FROM --platform=$BUILDPLATFORM ${BASE_IMAGE} AS base
FROM base AS program
COPY source.txt /program
FROM base AS manual
COPY manual.txt /manual
FROM base AS shipped
COPY --from=program /program /program
`,
    'checks/lint.Dockerfile': `FROM ${BASE_IMAGE} AS style
ARG RULES
COPY source.txt /checked
FROM style AS spelling
COPY manual.txt /spelled
`,
    'source.txt': 'one\n',
    'manual.txt': 'one\n',
    'docker-bake.hcl': `variable "DESTINATION" { default = "" }
variable "LANGUAGE" { default = null }
function "folder" {
  params = [name]
  result = DESTINATION != "" ? DESTINATION : "./out/\${name}"
}
target "_shared" {
  args = { LANGUAGE = LANGUAGE, KEEP_GIT = 1 }
}
target "_tags" { tags = ["someone/tool:local"] }
group "default" { targets = ["program"] }
target "program" {
  inherits = ["_shared"]
  target = "program"
  platforms = ["local"]
  output = [folder("here")]
}
target "cross" {
  inherits = ["program"]
  output = [folder("cross")]
  platforms = ["linux/amd64", "linux/arm64"]
}
target "image" {
  inherits = ["_shared", "_tags"]
  target = "shipped"
  attest = ["type=provenance,mode=max", "type=sbom"]
  cache-to = ["type=inline"]
  output = ["type=docker"]
}
target "lint" {
  name = "lint-\${check.name}"
  inherits = ["_shared"]
  dockerfile = "checks/lint.Dockerfile"
  target = check.stage
  args = { RULES = check.rules }
  no-cache-filter = ["style"]
  output = ["type=cacheonly"]
  matrix = {
    check = [
      { name = "usual", stage = "style", rules = "" },
      { name = "strict", stage = "style", rules = "all" },
      { name = "words", stage = "spelling", rules = "" },
    ]
  }
}
`,
  },
};

/** A suite of services on a base of its own: groups in groups, a target as context, an inline Dockerfile, one that is always pulled. */
export const SUITE: Shape = {
  bakeFiles: HCL,
  targets: { default: {} },
  files: {
    'base/Dockerfile': `FROM ${BASE_IMAGE}\nCOPY release.txt /release\n`,
    'base/release.txt': 'one\n',
    'store/Dockerfile': 'FROM suite_base\nCOPY data.txt /store\n',
    'store/data.txt': 'one\n',
    'search/Dockerfile': 'FROM suite_base AS search\nCOPY data.txt /search\n',
    'search/data.txt': 'one\n',
    'docker-bake.hcl': `variable "LABEL" { default = "suite" }
group "default" { targets = ["community", "edge"] }
group "community" { targets = ["store", "finding"] }
group "finding" { targets = ["search", "store"] }
target "base" {
  context = "base"
  labels = { "org.example.part" = "\${LABEL} base" }
  output = ["type=cacheonly"]
}
target "store" {
  context = "store"
  contexts = { suite_base = "target:base" }
  labels = { "org.example.part" = "\${LABEL} store" }
  tags = ["someone/store:latest"]
  output = ["type=docker"]
  pull = false
}
target "search" {
  context = "search"
  target = "search"
  contexts = { suite_base = "target:base" }
}
target "edge" {
  dockerfile-inline = <<EOT
FROM ${BASE_IMAGE} AS plain
FROM plain AS edge
COPY search/data.txt /edge
EOT
  target = "edge"
  no-cache = true
}
`,
  },
};

/** A product of two images: what they share is inherited, caches of a CI of another kind, tags made of variables. */
export const SHOP: Shape = {
  bakeFiles: HCL,
  targets: { api: { lane: 'api' }, web: { lane: 'web' } },
  files: {
    'services/api.Dockerfile': `FROM ${BASE_IMAGE} AS app\nARG STAGE\nCOPY source.txt /api\n`,
    'services/web.Dockerfile': `FROM ${BASE_IMAGE}\nCOPY source.txt /web\n`,
    'source.txt': 'one\n',
    'docker-bake.hcl': `variable "REGISTRY" { default = "registry.invalid/shop" }
variable "VERSION" { default = "latest" }
variable "CACHE" { default = "" }
group "default" { targets = ["api", "web"] }
target "_all" {
  context = "."
  platforms = ["linux/amd64"]
  cache-from = notequal("", CACHE) ? ["type=gha,scope=\${CACHE}"] : []
  cache-to = ["type=gha,mode=max,scope=shop"]
}
target "api" {
  inherits = ["_all"]
  dockerfile = "services/api.Dockerfile"
  target = "app"
  args = { STAGE = "production" }
  tags = ["\${REGISTRY}/api:\${VERSION}", equal("latest", VERSION) ? "" : "\${REGISTRY}/api:latest"]
}
target "web" {
  inherits = ["_all"]
  dockerfile = "services/web.Dockerfile"
  tags = formatlist("\${REGISTRY}/web:%s", compact(["latest", VERSION]))
}
`,
  },
};

/** Images of versions of something, from a generated file: JSON with a matrix, and groups that are not called by default. */
export const RUNTIMES: Shape = {
  bakeFiles: ['bake/runtimes.json'],
  targets: {
    runtimes: { image: { compression: 'zstd' } },
    'runtime-2-1': { lane: 'newest', args: { EXTRA: 'yes' } },
  },
  files: {
    'runtimes/Dockerfile': `FROM ${BASE_IMAGE}\nARG VERSION\nARG EXTRA\nCOPY start.txt /start-\${VERSION}\${EXTRA}\n`,
    'runtimes/start.txt': 'one\n',
    'bake/runtimes.json': JSON.stringify({
      group: { runtimes: { targets: ['runtime'] } },
      target: {
        runtime: {
          name: 'runtime-${replace(version, ".", "-")}',
          matrix: { version: ['1.0', '1.9', '2.1'] },
          context: './runtimes',
          args: { VERSION: '${version}' },
          tags: ['someone/runtime:${version}'],
        },
      },
    }),
  },
};

/** What lies elsewhere: a context and a stage that nobody can read here, a frontend of its own, images as contexts. */
export const ELSEWHERE: Shape = {
  bakeFiles: HCL,
  targets: { remote: { lane: 'remote' }, described: { lane: 'described' } },
  files: {
    'described.yaml': '# syntax=registry.invalid/frontend/described:1\nimage: something\n',
    'docker-bake.hcl': `target "remote" {
  context = "https://git.invalid/team/thing.git#v1.2.3"
  dockerfile = "docker/Dockerfile"
  target = "nobody-knows-here"
  contexts = { base = "docker-image://${BASE_IMAGE}" }
  pull = true
  platforms = ["linux/amd64", "linux/arm/v7", "linux/arm64"]
}
target "described" {
  dockerfile = "described.yaml"
  target = "nobody-knows-either"
}
`,
  },
};

/** Several bake files, the later over the earlier: a definition of tags that a CI writes, and a target that is nothing but its name. */
export const LAYERED: Shape = {
  bakeFiles: ['docker-bake.hcl', 'docker-bake.override.json'],
  targets: { everything: {} },
  files: {
    Dockerfile: `FROM ${BASE_IMAGE} AS app\nCOPY source.txt /app\n`,
    'source.txt': 'one\n',
    'docker-bake.hcl': `target "docker-metadata-action" {}
group "everything" { targets = ["plain", "named"] }
target "plain" {}
target "named" {
  inherits = ["docker-metadata-action"]
  target = "app"
}
`,
    'docker-bake.override.json': JSON.stringify({
      target: {
        'docker-metadata-action': { tags: ['someone/app:pr-1'], labels: { 'org.example.by': 'ci' } },
      },
    }),
  },
};
