import type { AnnotationNames, Settings, TargetSettings } from '../../config/settings.ts';
import { isCommitSha, type CommitSha } from '../../ci/commit-sha.ts';
import { readImage, type ImageDescription } from '../../registry/image-manifest.ts';
import { type Digest, type Reference, referenceName } from '../../registry/reference.ts';
import type { Registry } from '../../registry/registry.ts';
import { type RepositoryOwner, imageRepositories } from '../../refs/repositories.ts';
import { commitTag, latestTag } from '../../refs/tag-name.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { INSTANCE_PLATFORM } from './instance-platform.ts';

/** The trusted build whose layers an image is warmed with. */
export interface WarmSubject {
  /** The image that says so; read once, so that all of this is about one build. */
  readonly image: Reference & { readonly digest: Digest };
  readonly buildNumber: string;
  /** Buildkite's id of the build: a UUID. */
  readonly buildId: string;
  readonly commit: CommitSha;
}

/** What {@link findWarmSubject} reads of the configuration. */
export interface SubjectSettings {
  readonly images: Settings['images'];
  readonly annotations: AnnotationNames;
}

/**
 * Finds out which build made the trusted `latest` image of a target, or the image of `commit`; of an index, the image for
 * the instances' platform tells. Throws `outside` where it cannot be read or does not say completely where it comes from.
 */
export async function findWarmSubject(
  registry: Registry,
  target: Pick<TargetSettings, 'lane'> & RepositoryOwner,
  { settings, commit }: { readonly settings: SubjectSettings; readonly commit?: CommitSha },
): Promise<WarmSubject> {
  const tag = commit === undefined ? latestTag(target.lane) : commitTag(commit, target.lane);
  const reference: Reference = { ...imageRepositories(settings, target).trusted, tag };
  const name = referenceName(reference);
  const image = await readImage(registry, reference, { platform: INSTANCE_PLATFORM });
  if (image.state !== 'found') {
    const because = image.state === 'missing' ? 'there is no such image' : image.because;
    throw new WarmbakeError('outside', 'warm-image-unreadable', `cannot read ${name}: ${because}`, {
      hint: 'the image is made by the build step of the trusted branch; --commit picks another build',
    });
  }
  const origin = readOrigin(image, settings.annotations);
  if ('problems' in origin) {
    throw new WarmbakeError(
      'outside',
      'warm-image-without-origin',
      `${name}@${image.digest} does not say which build made it: ${origin.problems.join(', ')}`,
      { hint: 'build the trusted branch again with warmbake, or pick another build with --commit' },
    );
  }
  if (commit !== undefined && origin.commit !== commit) {
    throw new WarmbakeError('outside', 'warm-image-of-other-commit', `${name} holds commit ${origin.commit}`);
  }
  return { image: { ...reference, digest: image.digest }, ...origin };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type ImageOrigin = Omit<WarmSubject, 'image'>;

/** All three, or every problem at once: a second one would otherwise show a day later. */
function readOrigin(
  image: ImageDescription,
  names: AnnotationNames,
): ImageOrigin | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const read = (name: string, isGood: (text: string) => boolean): string => {
    const value = image.annotation(name);
    if (value !== undefined && isGood(value)) return value;
    problems.push(`${name} is ${value === undefined ? 'missing' : `'${value}'`}`);
    return '';
  };
  const buildNumber = read(names.buildNumber, (text) => /^[1-9]\d*$/.test(text));
  const buildId = read(names.buildId, (text) => UUID.test(text));
  const commit = read(names.revision, isCommitSha);
  return problems.length === 0 && isCommitSha(commit) ? { buildNumber, buildId, commit } : { problems };
}
