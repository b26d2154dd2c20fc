import { expect, test } from 'vitest';
import { imageOfRun } from '../../../src/ami/build/machine-image-build.ts';
import type { ImageBuilderEc2 } from '../../../src/ami/model/image-builder-ec2.ts';
import type { MachineImage } from '../../../src/ami/model/machine-image.ts';
import type { FamilySettings, LaunchPermissions } from '../../../src/config/families.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import type { Event } from '../../../src/platform/events.ts';
import { openHost } from '../../registry/fixture-host.ts';
import { FAMILY } from '../family.ts';
import { FakeAccount } from '../fake/account.ts';
import { addImage, type ImageWish } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';

/** An account with one image, and what a further try of run `1` finds in it. `afterLook` changes the image after it was asked for. */
async function tryAgain(
  terms: ImageWish,
  afterLooks: Partial<Pick<MachineImage, 'availability' | 'isPublic'> & { encrypted: boolean }> = {},
  { family = FAMILY, shared = NOBODY }: Partial<{ family: FamilySettings; shared: LaunchPermissions }> = {},
) {
  const fake = new FakeAccount();
  const { id } = addImage(fake, terms);
  const calls: string[] = [];
  const imageBuilder: ImageBuilderEc2 = {
    vpcOfSecurityGroup: async () => undefined,
    vpcOfSubnet: async () => undefined,
    leftovers: async () => [],
    remove: async () => undefined,
    deprecate: async (image) => void calls.push(`deprecate ${image}`),
    share: async (image, { accounts }) => void calls.push(`share ${image} ${accounts.join(' ')}`),
    sharedWith: async () => shared,
    requireMetadataSessions: async (image) => void calls.push(`sessions ${image}`),
  };
  fake.gate.before = ({ name }) => {
    const looks = fake.gate.calls.filter((call) => call.name === 'images.find').length;
    if (name === 'images.find' && looks > 3) {
      const { encrypted = false, ...changed } = afterLooks;
      const image = fake.state.images.get(id)!;
      const snapshots = image.snapshots.map((snapshot) => ({ ...snapshot, encrypted }));
      fake.state.images.set(id, { ...image, ...changed, snapshots });
    }
  };
  const events: Event[] = [];
  await using world = await openHost();
  const host = { ...world, ...hostOf(fake, events) };
  const found = await imageOfRun(host, { account: fake.ports, imageBuilder, family }, '1');
  return { id, found, calls, events, kept: fake.state.images.get(id) };
}

const NOBODY: LaunchPermissions = { accounts: [], organizations: [] };

const OURS = { [TAG.family]: 'cpu', [TAG.run]: '1' };

test('an image that an earlier try finished is taken as it is', async () => {
  const { id, found, calls } = await tryAgain({ tags: { ...OURS, [TAG.state]: 'candidate' } });
  expect(found).toMatchObject({ image: { id }, reused: true });
  expect(calls).toEqual([]);
});

test('an image whose snapshot is still being taken is waited for and finished, not built a second time', async () => {
  const { id, found, calls, kept, events } = await tryAgain(
    { availability: 'pending', tags: OURS },
    { availability: 'available' },
  );
  expect(found).toMatchObject({ image: { id, tags: { [TAG.state]: 'candidate' } }, reused: true });
  expect(calls).toEqual([`sessions ${id}`, `deprecate ${id}`]);
  expect(kept?.tags[TAG.state]).toBe('candidate');
  expect(events).toContainEqual({
    type: 'warning',
    warning: expect.objectContaining({ code: 'warmth-lost' }),
  });
});

test('an image whose build was killed before its tags were set is found by its description, and gets them', async () => {
  const { id, found, kept } = await tryAgain({ tags: {}, description: 'warmbake run 1' });
  expect(found).toMatchObject({ image: { id, tags: { ...OURS, [TAG.state]: 'candidate' } }, reused: true });
  expect(kept?.tags).toEqual({ ...OURS, [TAG.state]: 'candidate' });
});

test.each([
  ['of another run', { tags: { ...OURS, [TAG.run]: '2' } }],
  ['of nobody', { tags: {} }],
  ['of another family that is built in the same run', { tags: { [TAG.family]: 'gpu', [TAG.run]: '1' } }],
  ['that EC2 could not make', { tags: OURS, availability: 'failed' }],
  ['that is taken out of use', { tags: OURS, availability: 'disabled' }],
] as const)('an image %s is not reused', async (_, terms) => {
  expect((await tryAgain(terms)).found).toBeUndefined();
});

const PENDING = { availability: 'pending', tags: OURS };
const READY = { availability: 'available' };
const KEY = { ...FAMILY, encryptionKey: 'alias/images' };

test('an image that turned out public is refused, and never becomes a candidate', async () => {
  const finished = tryAgain(PENDING, { ...READY, isPublic: true });
  await expect(finished).rejects.toMatchObject({ kind: 'refused', code: 'image-public' });
});

test('an image whose snapshots are not encrypted, as the configuration says, is refused', async () => {
  await expect(tryAgain(PENDING, READY, { family: KEY })).rejects.toMatchObject({
    kind: 'refused',
    code: 'image-unencrypted',
  });
  expect((await tryAgain(PENDING, READY)).found).toBeDefined();
  const closed = { ...READY, encrypted: true };
  expect((await tryAgain(PENDING, closed, { family: KEY })).found).toBeDefined();
});

test('an image is shared as the configuration says, read back, and refused where others may launch it too', async () => {
  const shareWith = { accounts: ['222222222222'], organizations: [] };
  const family = { ...FAMILY, shareWith };
  const { id, calls } = await tryAgain(PENDING, READY, { family, shared: shareWith });
  expect(calls).toContain(`share ${id} 222222222222`);
  for (const other of ['333333333333', 'all']) {
    const shared = { accounts: ['222222222222', other], organizations: [] };
    await expect(tryAgain(PENDING, READY, { family, shared })).rejects.toMatchObject({
      kind: 'refused',
      code: 'image-shared',
      message: expect.stringContaining(other),
    });
  }
});
