import type { Host } from '../../platform/host.ts';
import {
  CONFIG_OPTIONS,
  type CommandOutcome,
  type CommandSpec,
  type Input,
  flag,
  never,
} from '../command.ts';
import { EXPECT_TAG_OPTION } from '../expect-tag.ts';
import { loadForBuild } from '../loaded.ts';
import { LOCAL_OPTIONS, localWishes } from '../local-options.ts';

/** `warmbake build`: the image-build step of CI. */
export const buildCommand: CommandSpec = {
  args: '[target...]',
  description:
    'Build configured targets (without names the default ones) with docker buildx bake: import the caches that exist, push what this build may write, and read back what was pushed. Outside of CI it only imports.',
  options: [
    ...CONFIG_OPTIONS,
    { flags: '--force', help: 'build although the image exists' },
    { flags: '--no-sccache', help: 'without sccache: the compile layer is shared with nobody' },
    { flags: '--push', help: 'outside of CI: push and export as an untrusted build' },
    { flags: '--offline', help: "do not ask which sources exist; import the trusted branch's" },
    { flags: '--result <file>', help: 'write the build record (JSON) to a file, also after a failure' },
    {
      flags: '--dotenv <file>',
      help: 'write WARMBAKE_OUTCOME, _IMAGE, _DIGEST and _TAGS to a file of variables, for later jobs (GitLab: artifacts:reports:dotenv)',
    },
    ...LOCAL_OPTIONS,
    EXPECT_TAG_OPTION,
    { flags: '--dry-run', help: 'the same as `warmbake plan`' },
    {
      flags: '--explain-context',
      help: 'only say what this build is and which refs follow; asks git, and no registry',
    },
  ],
  examples: [
    'warmbake build',
    'warmbake build test-ci',
    'warmbake build test-ci --config ci/warmbake.yaml --result result.json',
    'warmbake build test-ci --dotenv warmbake.env',
    'warmbake build test-ci --force',
    'warmbake build test-ci --load',
    'warmbake build test-ci --load --set test-ci.args.DEBUG=1',
    'warmbake build test-ci --explain-context --json',
  ],
  changesShared: never,
  // With these two the document is another one.
  notStarted: (input) => (flag(input, 'dryRun') || flag(input, 'explainContext') ? {} : NOT_STARTED),
  run,
};

/** As schema `result` has it. */
const NOT_STARTED = { outcome: 'failed' } as const;

/** What the call needs is loaded when it is known what it is: nothing of it while git has not been asked yet. */
async function run(host: Host, input: Input): Promise<CommandOutcome> {
  if (flag(input, 'dryRun')) {
    const { planCommand } = await import('./plan.ts');
    return await planCommand.run(host, input);
  }
  const wishes = localWishes(input);
  const loaded = await loadForBuild(host, input);
  if (flag(input, 'explainContext')) {
    const { explain } = await import('./explain.ts');
    return await explain(loaded, input);
  }
  const { buildLoaded } = await import('./build-loaded.ts');
  return await buildLoaded(loaded, input, { wishes, notStarted: NOT_STARTED });
}
