import { describe, expect, it } from 'vitest';
import { change, parse, said } from './small-file.ts';

const withTags = (tags: string): string =>
  change('  untrusted: app-test\n', `  untrusted: app-test\n  tags: ${tags}\n`);

/** Further tags of the only target. */
function tagsOf(text: string): readonly string[] | undefined {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error('refused');
  return parsed.settings.targets[0]?.image.tags;
}

describe('further tags of images', () => {
  it('are those of all targets, unless a target has its own', () => {
    const all = withTags('["${date}-${commit}", nightly]');
    expect(tagsOf(all)).toEqual(['${date}-${commit}', 'nightly']);
    expect(tagsOf(all.replace('lane: ""', 'image: { tags: ["b${buildNumber}"] }'))).toEqual([
      'b${buildNumber}',
    ]);
    expect(tagsOf(all.replace('lane: ""', 'image: { tags: [] }'))).toBeUndefined();
    expect(tagsOf(change('lane: ""', ''))).toBeUndefined();
  });

  it.each([
    [
      '["${branch}"]',
      "images.tags[0]: unknown value '${branch}'; known are ${commit}, ${shortCommit}, ${date},",
    ],
    ['["${versoin}"]', "unknown value '${versoin}'"],
    ['[latest]', "images.tags[0]: 'latest' begins like 'latest', which follows the trusted branch by itself"],
    ['[latest-cpu]', "'latest-cpu' begins like 'latest'"],
    ['["${commit}"]', "begins like a commit's own name, which each build gives by itself"],
    ['["${commit}-zstd"]', "begins like a commit's own name"],
    ['[nightly-zstd]', "'nightly-zstd' ends like the name of an image in a further compression"],
    ['[pr-7]', "'pr-7' begins like a pull request's own name"],
    ['[a/b]', "'a/b' gives no image tag"],
    ['["-${commit}"]', 'gives no image tag'],
    ['[""]', "'' gives no image tag"],
    ['[nightly, nightly]', "images.tags[1]: 'nightly' gives the tag that 'nightly' gives"],
    ['["${commit}-${commit}-${commit}-${commit}"]', 'begins like'],
    ['["x${commit}${commit}${commit}${commit}"]', 'gives no image tag'],
  ])('%s are refused with the reason', (tags, message) => {
    expect(said(withTags(tags))).toEqual([expect.stringContaining(message)]);
  });
});

describe('tags of releases', () => {
  const releases = (text: string, rest: string): string => `${text}\n${rest}`;

  it('need to know which git tags are releases, also those of a target', () => {
    const message = 'is written by builds of release tags only; say in releases.tags which those are';
    expect(said(withTags('[nightly, "${version}"]'))).toEqual([
      expect.stringContaining(`images.tags[1]: '\${version}' ${message}`),
    ]);
    expect(said(change('lane: ""', 'image: { tags: ["${tag}"] }'))).toEqual([
      expect.stringContaining(`targets.app.image.tags[0]: '\${tag}' ${message}`),
    ]);
    expect(said(releases('releases: { tags: ["v*"] }', withTags('["${version}"]')))).toEqual([]);
  });

  it.each([
    ['{ tags: [] }', 'releases.tags: name at least one pattern, or leave releases out'],
    ['{}', 'releases.tags'],
    ['{ tags: ["v 1"] }', "releases.tags[0]: 'v 1' is not a valid pattern of git tags"],
    ['{ tags: ["v:1"] }', 'is not a valid pattern of git tags'],
    ['{ tags: ["-v"] }', 'is not a valid pattern of git tags'],
    ['{ tags: ["v*"], branches: ["a:b"] }', "releases.branches[0]: 'a:b' is not a valid branch name"],
    ['{ tags: ["v*"], branches: ["release/*"] }', 'is not a valid branch name'],
  ])('releases: %s is refused', (text, message) => {
    expect(said(releases(`releases: ${text}`, change('lane: ""', '')))).toEqual([
      expect.stringContaining(message),
    ]);
  });

  it('are none where nobody says so', () => {
    const parsed = parse(change('lane: ""', ''));
    expect(parsed.ok && 'releases' in parsed.settings).toBe(false);
  });
});
