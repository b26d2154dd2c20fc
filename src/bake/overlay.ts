import type { SccacheSettings, Settings, TargetSettings } from '../config/settings.ts';
import { type TemplateName, piecesOf } from '../config/template.ts';
import { type Expression, block, expression, list, object, quote, template } from './hcl.ts';

/** Prefix of every variable of ours: names like REGISTRY or CACHE_FROM are taken by half of all CI environments. */
const PREFIX = 'WARMBAKE_';

/** Variables that every target shares, by the template name whose value they carry. */
const SHARED = {
  commit: `${PREFIX}COMMIT`,
  buildNumber: `${PREFIX}BUILD_NUMBER`,
  buildId: `${PREFIX}BUILD_ID`,
  branch: `${PREFIX}BRANCH`,
} as const satisfies Partial<Record<TemplateName, string>>;

/** Carries the build secret with sccache's credentials: one entry of `secret`, or nothing. */
const SCCACHE_SECRET = `${PREFIX}SCCACHE_SECRET`;

/** The environment that gives a build its credentials for sccache; `entry` is a CSV line of bake's `secret`. */
export function secretEnvironment(entry: string): Readonly<Record<string, string>> {
  return { [SCCACHE_SECRET]: entry };
}

/** The three variables of one target; each holds references separated by spaces. */
export interface TargetVariables {
  readonly cacheFrom: string;
  readonly cacheTo: string;
  readonly tags: string;
}

/** Names of a target's variables: `test-ci` → `WARMBAKE_CACHE_FROM_TEST_CI` … */
export function targetVariables(target: string): TargetVariables {
  const name = target.toUpperCase().replaceAll('-', '_');
  return {
    cacheFrom: `${PREFIX}CACHE_FROM_${name}`,
    cacheTo: `${PREFIX}CACHE_TO_${name}`,
    tags: `${PREFIX}TAGS_${name}`,
  };
}

/** What one build puts into the overlay's variables. */
export interface BuildValues {
  readonly commit: string;
  readonly buildNumber: string;
  readonly buildId: string;
  readonly branch: string;
  readonly targets: readonly {
    readonly name: string;
    readonly cacheFrom: readonly string[];
    readonly cacheTo: readonly string[];
    readonly tags: readonly string[];
  }[];
}

/** The environment that gives the overlay this build's values. */
export function overlayEnvironment(values: BuildValues): Readonly<Record<string, string>> {
  const perTarget = values.targets.flatMap((t) => {
    const names = targetVariables(t.name);
    return [
      [names.cacheFrom, t.cacheFrom.join(' ')],
      [names.cacheTo, t.cacheTo.join(' ')],
      [names.tags, t.tags.join(' ')],
    ] as const;
  });
  return {
    [SHARED.commit]: values.commit,
    [SHARED.buildNumber]: values.buildNumber,
    [SHARED.buildId]: values.buildId,
    [SHARED.branch]: values.branch,
    ...Object.fromEntries(perTarget),
  };
}

/** Attributes of every cache export of a target. ECR refuses the older cache index, hence the image manifest. */
export function exportAttributes(cache: TargetSettings['cache']): string {
  return `mode=${cache.mode},compression=${cache.compression},image-manifest=true,oci-mediatypes=true,ignore-error=true`;
}

/**
 * The output of a target that pushes; gzip is BuildKit's own default, anything else must re-encode what exists. So must gzip beside other
 * compressions: BuildKit takes for it whatever layer there is already.
 */
export function pushOutput({ compression, also = [] }: TargetSettings['image']): string {
  if (compression === 'gzip') {
    return also.length === 0 ? 'type=registry' : 'type=registry,compression=gzip,force-compression=true';
  }
  return `type=registry,compression=${compression},force-compression=true,oci-mediatypes=true`;
}

/** The output of a target whose image is left in the engine. */
export const LOAD_OUTPUT = 'type=docker';

/** The output of a target without tags: built, kept by the builder, exported nowhere. */
export const NO_OUTPUT = 'type=cacheonly';

/**
 * The build arguments through which a Dockerfile learns of sccache. They are part of the compile layer's key, so they
 * follow from the configuration alone and are equal for every build; rights come with the credentials. `1` and `0`
 * because Dockerfiles and every version of sccache understand them. Prefix and endpoint only where they are set.
 */
export function sccacheArguments(
  sccache: SccacheSettings | undefined,
): readonly (readonly [string, string])[] {
  if (sccache === undefined) return [];
  const { arguments: names, enabled, bucket, region, prefix, endpoint, anonymous } = sccache;
  return [
    [names.enabled, enabled ? '1' : '0'],
    [names.bucket, bucket],
    [names.region, region],
    [names.anonymous, anonymous ? '1' : '0'],
    ...(prefix === '' ? [] : [[names.prefix, prefix] as const]),
    ...(endpoint === undefined ? [] : [[names.endpoint, endpoint] as const]),
  ];
}

/**
 * The overlay, `ci.hcl`: loaded after the repository's own bake files, it defines the configured targets. It holds no
 * value of any build; without variables it imports nothing, exports nothing and pushes nothing. Needs buildx 0.13.
 * `values` (for `hcl --resolved`) become the defaults of the variables.
 */
export function overlayText(settings: Settings, values?: BuildValues): string {
  const defaults = values === undefined ? {} : overlayEnvironment(values);
  const names = settings.targets.flatMap((t) => Object.values(targetVariables(t.name)));
  const secret = settings.sccache?.secret === undefined ? [] : [SCCACHE_SECRET];
  const variables = [...Object.values(SHARED), ...secret, ...names].map((name) =>
    block('variable', name, [['default', quote(defaults[name] ?? '')]]),
  );
  return [HEADER, ...variables, FUNCTIONS, ciTarget(settings), ...settings.targets.map(targetBlock)].join(
    '\n',
  );
}

function ciTarget(settings: Settings): string {
  const { annotations, args } = settings.bake;
  const annotate = (key: string, variable: string): Expression =>
    expression(`warmbake_annotation(${quote(key).hcl}, ${variable})`);
  const all = list([
    annotate(annotations.buildNumber, SHARED.buildNumber),
    annotate(annotations.buildId, SHARED.buildId),
    annotate(annotations.revision, SHARED.commit),
  ]);
  const fixed = sccacheArguments(settings.sccache).map(([key, value]) => [key, quote(value)] as const);
  return block('target', '_ci', [
    ['annotations', expression(`compact(${all.hcl})`)],
    ['args', object([...fixed, ...templates(args)])],
    // Not by `--set`, which replaces the secrets of the repository's own file instead of adding to them.
    ...(settings.sccache?.secret === undefined
      ? []
      : [['secret', expression(`compact([${SCCACHE_SECRET}])`)] as const]),
  ]);
}

function targetBlock(target: TargetSettings): string {
  const names = targetVariables(target.name);
  const inherits = target.inherits.includes('_ci') ? target.inherits : [...target.inherits, '_ci'];
  const push = quote(pushOutput(target.image)).hcl;
  const args = templates(target.args, target.lane);
  return block('target', target.name, [
    ['inherits', list(inherits.map(quote))],
    ...(target.stage === undefined ? [] : [['target', quote(target.stage)] as const]),
    ...(args.length === 0 ? [] : [['args', object(args)] as const]),
    ['cache-from', expression(`warmbake_cache_from(${names.cacheFrom})`)],
    [
      'cache-to',
      expression(`warmbake_cache_to(${names.cacheTo}, ${quote(exportAttributes(target.cache)).hcl})`),
    ],
    ['tags', expression(`warmbake_words(${names.tags})`)],
    ['output', expression(`[${names.tags} == "" ? ${quote(NO_OUTPUT).hcl} : ${push}]`)],
  ]);
}

/** Template values become the variables that carry them; the lane is part of the target and stands as it is. */
function templates(
  args: Readonly<Record<string, string>>,
  lane = '',
): readonly (readonly [string, Expression])[] {
  const shared: Readonly<Record<string, string | undefined>> = SHARED;
  const fixed: Readonly<Record<string, string | undefined>> = {
    lane,
    laneSuffix: lane === '' ? '' : `-${lane}`,
  };
  return Object.entries(args).map(([key, text]) => {
    const parts = piecesOf(text).map((piece) => {
      if (typeof piece === 'string') return piece;
      const variable = shared[piece.name];
      return variable === undefined ? (fixed[piece.name] ?? '') : { variable };
    });
    return [key, template(...parts)];
  });
}

const HEADER = `# Generated by \`warmbake hcl\`. Change warmbake.yaml and run it again; \`warmbake hcl --check\` finds a difference.
#
# Layered over the repository's own bake file:
#   docker buildx bake -f docker-bake.hcl -f ci.hcl TARGET
# Without variables it builds cold, exports nothing and pushes nothing. \`warmbake build\` sets the variables;
# \`warmbake hcl --resolved\` prints this file with the values of the present build.
`;

const FUNCTIONS = `# The words of a text: references separated by spaces.
function "warmbake_words" {
  params = [text]
  result = compact(split(" ", text))
}

function "warmbake_cache_from" {
  params = [refs]
  result = formatlist("type=registry,ref=%s", warmbake_words(refs))
}

function "warmbake_cache_to" {
  params = [refs, attributes]
  result = formatlist("type=registry,ref=%s,%s", warmbake_words(refs), attributes)
}

# On index and manifest: readers look in either place. Nothing where there is no value.
function "warmbake_annotation" {
  params = [key, value]
  result = value == "" ? "" : "index,manifest:\${key}=\${value}"
}
`;
