import * as z from 'zod';
import { amiFamilies } from './ami-schema.ts';
import * as field from './fields.ts';
import { logins } from './logins-schema.ts';
import { sccache } from './sccache-schema.ts';
import { target } from './target-schema.ts';
import { BUILD_VALUES } from './template.ts';
import { toTrustPair, writtenTrustPair } from './trust-pair-schema.ts';

/** Each part of the file by its key: what a person writes, and what is made of it. */
export const sections = {
  repository: field
    .form(
      /^[A-Za-z0-9.-]+(?:\/[\w.~-]+){2,}(?<!\.git)$/,
      'repository; write host/owner/name, without scheme and .git',
    )
    .describe('the source repository, host/owner/name'),
  trustedBranch: field.word.default('main').describe('the branch whose builds are trusted'),
  releases: z
    .strictObject({
      tags: z
        .array(
          field.form(
            /^[A-Za-z0-9*][\w.+*/-]*$/,
            "pattern of git tags; write a name, '*' in it for any part between slashes",
          ),
        )
        .min(1, { error: 'name at least one pattern, or leave releases out' })
        .describe('git tags whose builds are releases'),
      branches: z
        .array(field.form(/^[A-Za-z0-9][\w./+-]*$/, 'branch name'))
        .default([])
        .describe('branches that releases come from, besides the trusted one'),
    })
    .optional()
    .describe('which builds of git tags are trusted; none where absent'),
  images: z
    .strictObject({
      ...writtenTrustPair,
      tags: field.tagTemplates
        .default([])
        .describe('further tags that trusted builds give to their images; templates'),
    })
    .transform(({ tags, ...written }, context) => ({ ...toTrustPair(written, context), written, tags }))
    .describe('where images are pushed; ${target} in a repository is the name of the target'),
  cache: z
    .strictObject({
      ...writtenTrustPair,
      maxSources: z
        .int()
        .min(1, { error: 'write a number from 1 to 20' })
        .max(20, { error: 'write a number from 1 to 20' })
        .default(8)
        .describe('how many cache sources are merged for a target at most'),
      alsoExport: z
        .array(field.referenceTemplate)
        .default([])
        .describe('extra references that trusted builds export their cache to'),
    })
    .transform(({ maxSources, alsoExport, ...pair }, context) => ({
      ...toTrustPair(pair, context),
      written: pair,
      maxSources,
      alsoExport,
    }))
    .describe('where layers are cached; ${target} in a repository is the name of the target'),
  bake: z
    .strictObject({
      files: z
        .array(field.bakeFilePath)
        .min(1, { error: 'name at least one bake file' })
        .describe("the repository's own bake files"),
      variables: field.variables.default({}).describe('variables set for bake'),
      optional: z
        .array(field.variableName)
        .default([])
        .describe('those of `variables` and `passthrough` that the files need not declare'),
      passthrough: z
        .array(field.variableName)
        .default([])
        .describe('names taken from the environment on purpose'),
      perCommit: z
        .array(field.word)
        .default([])
        .describe('variables, arguments, labels and annotations that may differ between commits'),
      allow: z
        .array(field.absolutePath)
        .default([])
        .describe('paths outside of the checkout that the definition may read'),
      permit: z
        .array(field.privilege)
        .default([])
        .describe(
          'what the definition may use besides: network.host, security.insecure, device=…, ssh=…, proxy=…',
        ),
      args: field.buildArguments(BUILD_VALUES).default({}).describe('build arguments of every target'),
      annotations: z
        .strictObject({
          buildNumber: annotation('buildkite.build-number').describe('carries the number of the build'),
          buildId: annotation('buildkite.build-id').describe('carries the id of the build'),
          revision: annotation('org.opencontainers.image.revision').describe('carries the commit'),
        })
        .prefault({})
        .describe('names of the annotations that every image gets'),
    })
    .describe('what bake reads'),
  logins,
  targets: field
    .named(/^[a-zA-Z][a-zA-Z0-9_-]*$/, "target name (letters, digits, '_' and '-', a letter first)", target)
    .refine((targets) => Object.keys(targets).length > 0, { error: 'name at least one target' })
    .describe('bake targets that can be built, by name; a group or matrix stands for its targets'),
  default: z
    .array(field.form(/^[a-zA-Z0-9_-]+$/, 'target name'))
    .min(1, { error: 'name at least one target, or leave it out' })
    .optional()
    .describe('what is built where no target is named; all targets where absent'),
  builder: z
    .strictObject({
      socket: field.absolutePath.optional().describe('BuildKit socket of this machine, tried first'),
      name: field
        .form(/^[a-zA-Z][a-zA-Z0-9._-]*$/, 'builder name')
        .default('warmbake')
        .describe('builder to reuse or to create'),
      image: field.pinnedImage.optional().describe('BuildKit image of a new builder, pinned by digest'),
    })
    .prefault({})
    .describe('where builds run'),
  sccache: sccache.optional(),
  compat: z
    .strictObject({
      oldNames: z.boolean().default(false).describe('also look for the names that the older scripts gave'),
    })
    .prefault({})
    .describe('help while moving from older tools'),
  marker: field.absolutePath
    .default('/etc/warmbake-image')
    .describe("file whose presence says that this machine's image is warm"),
  state: field
    .form(
      /^(?:s3:\/\/[a-z0-9][a-z0-9.-]+(?:\/\S+)?|(?!.*:\/\/).+)$/,
      'state store; write s3://bucket[/prefix] or a directory',
    )
    .optional()
    .describe('shared store of lock, journal and build records'),
  ami: amiFamilies.optional().describe('machine images, by family'),
};

function annotation(name: string) {
  return field.form(/^[A-Za-z0-9][\w./-]*$/, 'annotation name').default(name);
}

/** The whole file. */
export const configuration = z.strictObject(sections);

/** What the schema makes of a well-formed file, before it becomes settings. */
export type Configuration = z.output<typeof configuration>;
