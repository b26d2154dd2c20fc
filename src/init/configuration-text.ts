import { Scalar, stringify } from 'yaml';
import { oneLine } from '../platform/outside-text.ts';
import { VERSION } from '../platform/version.ts';
import type { Draft } from './draft.ts';
import { proposedRepositories } from './registry-choice.ts';

/** `warmbake.yaml` as it is written first: what has to be there, and why, each key with its reason. */
export function configurationText(draft: Draft): string {
  const { repository, trustedBranch, registry, schema } = draft;
  const names = proposedRepositories(repository.value);
  const pair = (what: 'images' | 'cache'): readonly string[] => [
    `${what}:`,
    `  registry: ${scalar(registry.value)}`,
    `  trusted: ${scalar(names[what].trusted)}`,
    `  untrusted: ${scalar(names[what].untrusted)}`,
  ];
  return [
    ...(schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}`]),
    ...remark(
      `written by \`warmbake init\` of warmbake ${VERSION}; it is yours from here on. \`warmbake plan --offline\` says what it means`,
    ),
    '',
    ...remark(
      `the source repository, host/owner/name: ${repository.because}. Builds of another one are not trusted, whatever branch they build`,
    ),
    `repository: ${scalar(repository.value)}`,
    '',
    ...remark(`builds of this branch are trusted: ${trustedBranch.because}. No pull request is, and no tag`),
    `trustedBranch: ${scalar(trustedBranch.value)}`,
    '',
    ...remark(
      `where images go: builds of the trusted branch write \`trusted\`, all others \`untrusted\`, so each needs a repository, which has to exist where the registry does not make it. The registry: ${registry.because}`,
    ),
    ...pair('images'),
    '',
    ...remark('where layers are kept for the next build: all builds read both, and write as above'),
    ...pair('cache'),
    '',
    ...remark(
      'the bake files, from the top of the repository. What they say of tags, outputs and caches is not done: this file says where things go',
    ),
    'bake:',
    `  files: [${draft.bakeFiles.map(scalar).join(', ')}]`,
    ...variableLines(draft.variables),
    '',
    ...remark(
      `what can be built, by the names of the bake files; a group or matrix stands for its targets (${draft.targetsBecause})`,
    ),
    ...remark(draft.others.length === 0 ? '' : `there are also: ${draft.others.join(', ')}`),
    'targets:',
    ...draft.targets.map(({ name, lane }) =>
      lane === undefined
        ? `  ${scalar(name)}: {}`
        : `  ${scalar(name)}: { lane: ${scalar(lane)} } # its tags end in it`,
    ),
    '',
  ].join('\n');
}

/** Names that people give to a variable for the commit. */
const COMMIT =
  /^(?:(?:git|ci|vcs|github|build|buildkite|source)_)*(?:commit|sha|commit_sha|commit_hash|revision|vcs_ref)$/i;

function variableLines(variables: readonly string[]): readonly string[] {
  if (variables.length === 0) return [];
  const commit = variables.find((name) => COMMIT.test(name));
  const example =
    commit === undefined
      ? ['  # variables: { NAME: value }']
      : [`  # variables: { ${commit}: "\${commit}" }`, `  # perCommit: [${commit}]`];
  const all = variables.join(', ');
  return [
    ...remark(
      `variables of these files: ${all}. Nothing of the environment reaches them: what a build should set is said here, and what differs from commit to commit is named in perCommit`,
      '  ',
    ),
    ...example,
  ];
}

const COLUMNS = 100;

/** A sentence as comment lines; nothing for nothing. Whatever it quotes, it stays a comment. */
function remark(text: string, indent = ''): readonly string[] {
  const lines: string[] = [];
  for (const word of oneLine(text)
    .split(' ')
    .filter((one) => one !== '')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= COLUMNS) lines.push(`${indent}# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** A text as YAML has it within `[…]` and `{…}`, too. */
function scalar(text: string): string {
  if (/^[A-Za-z][\w./-]*$/.test(text) && stringify(text).trim() === text) return text;
  const quoted = new Scalar(text);
  quoted.type = Scalar.QUOTE_DOUBLE;
  return stringify(quoted, { lineWidth: 0 }).trim();
}
