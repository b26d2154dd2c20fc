import { expect, test } from 'vitest';
import { findWarmSubject } from '../../../src/ami/warm/subject.ts';
import type { CommitSha } from '../../../src/ci/commit-sha.ts';
import { digestOf } from '../../../src/registry/digest.ts';
import type { Digest } from '../../../src/registry/reference.ts';
import type { Registry } from '../../../src/registry/registry.ts';

const COMMIT = 'c'.repeat(40) as CommitSha;
const ID = '0199f2c5-4a3b-4c21-9f00-0123456789ab';
const NAMES = {
  buildNumber: 'vllm.buildkite.build_number',
  buildId: 'vllm.buildkite.build_id',
  revision: 'org.opencontainers.image.revision',
};
const SETTINGS = {
  images: { trusted: { host: 'r.io', path: 'image' }, untrusted: { host: 'r.io', path: 'other' } },
  annotations: NAMES,
};

type Marks = Readonly<Record<string, string>>;
const marks = (number: string, id: string, revision: string, prefix = ''): Marks => ({
  [`${prefix}${NAMES.buildNumber}`]: number,
  [`${prefix}${NAMES.buildId}`]: id,
  [`${prefix}${NAMES.revision}`]: revision,
});
const GOOD = marks('812', ID, COMMIT);

/** A registry with one image under every tag, and what it was asked for. */
function registryWith(image: {
  readonly index?: Marks;
  readonly manifest: Marks;
  readonly single?: boolean;
  /** Of an image for another platform, which the index has first. */
  readonly first?: Marks;
  /** The platform of the image of `manifest`. */
  readonly architecture?: string;
}) {
  const contents = new Map<string, Buffer>();
  const keep = (document: object): Digest => {
    const body = Buffer.from(JSON.stringify(document));
    contents.set(digestOf(body), body);
    return digestOf(body);
  };
  const config = keep({ os: 'linux', architecture: 'amd64', config: {} });
  const manifest = keep({ config: { digest: config }, annotations: image.manifest });
  const attestation = {
    digest: keep({ unknown: true }),
    platform: { os: 'unknown', architecture: 'unknown' },
  };
  const { architecture = 'amd64' } = image;
  const child = { digest: manifest, platform: { os: 'linux', architecture } };
  const arm = keep({ os: 'linux', architecture: 'arm64', config: {} });
  const first = {
    digest: keep({ config: { digest: arm }, annotations: image.first }),
    platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  };
  const others = image.first === undefined ? [] : [first];
  const manifests = [attestation, ...others, child];
  const top = image.single === true ? manifest : keep({ annotations: image.index, manifests });
  const tags: string[] = [];
  const registry = {
    manifest: async (name: { readonly tag?: string; readonly digest?: Digest }) => {
      if (name.tag !== undefined) tags.push(name.tag);
      const digest = name.digest ?? top;
      return { state: 'found', mediaType: '', digest, body: contents.get(digest)! };
    },
    blob: async (_: unknown, digest: Digest) => ({ state: 'found', body: contents.get(digest)! }),
  } as unknown as Registry;
  return { registry, tags, top };
}

const find = async (image: Parameters<typeof registryWith>[0], commit?: CommitSha) => {
  const { registry, tags, top } = registryWith(image);
  const options = { settings: SETTINGS, ...(commit === undefined ? {} : { commit }) };
  return { subject: await findWarmSubject(registry, { name: 'app', lane: '' }, options), tags, top };
};

test.each([
  ['on the index', { index: GOOD, manifest: {} }],
  ['on the manifest', { manifest: GOOD }],
  [
    'on the manifest, with the literal prefix of an older buildx',
    { manifest: marks('812', ID, COMMIT, 'index,manifest:') },
  ],
  ['on a single manifest without index', { manifest: GOOD, single: true }],
  ['on the manifest, below empty ones on the index', { index: marks('', '', ''), manifest: GOOD }],
  [
    'one here, the others there',
    { index: { [NAMES.revision]: COMMIT }, manifest: marks('812', ID, 'unknown') },
  ],
])(
  'B-27: build and commit are found %s (incident 7105207); the moving tag is read once',
  async (_, image) => {
    const { subject, tags, top } = await find(image);
    expect(subject).toEqual({
      image: { host: 'r.io', path: 'image', tag: 'latest', digest: top },
      buildNumber: '812',
      buildId: ID,
      commit: COMMIT,
    });
    expect(tags).toEqual(['latest']);
  },
);

test('everything that is wrong is said at once', async () => {
  await expect(
    find({ manifest: { [NAMES.buildNumber]: '0812', [NAMES.revision]: 'unknown' } }),
  ).rejects.toThrow(
    /^r\.io\/image:latest@sha256:\w+ does not say which build made it: vllm.buildkite.build_number is '0812', vllm.buildkite.build_id is missing, org.opencontainers.image.revision is 'unknown'$/,
  );
});

test('another commit is looked up under its own tag, and must be the one that the image holds', async () => {
  const { tags } = await find({ manifest: GOOD }, COMMIT);
  expect(tags).toEqual([COMMIT]);
  await expect(find({ manifest: GOOD }, 'd'.repeat(40) as CommitSha)).rejects.toThrow(
    `holds commit ${COMMIT}`,
  );
});

test('of an index, the image for the instances tells, wherever it stands', async () => {
  const { subject } = await find({ first: marks('900', ID, 'd'.repeat(40)), manifest: GOOD });
  expect(subject).toMatchObject({ buildNumber: '812', commit: COMMIT });
});

test('an index without an image for the instances is refused with what it has', async () => {
  await expect(find({ first: GOOD, manifest: GOOD, architecture: 's390x' })).rejects.toMatchObject({
    code: 'warm-image-unreadable',
    message: expect.stringContaining('it has linux/arm64, linux/s390x, and not linux/amd64'),
  });
});
