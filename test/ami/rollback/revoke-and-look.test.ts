import { describe, expect, test } from 'vitest';
import { stateOf, type MachineImage } from '../../../src/ami/model/machine-image.ts';
import { TAG } from '../../../src/ami/model/tags.ts';
import { revokeAndLook, unrevokeAndLook } from '../../../src/ami/rollback/revoke-and-look.ts';
import { FAMILY } from '../family.ts';
import { FakeAccount } from '../fake/account.ts';
import { addImage, setParameter } from '../fake/furnish.ts';
import { hostOf } from '../fake/host.ts';
import { PUBLISHED } from '../operations.ts';

const REVOKED = { ...PUBLISHED, [TAG.state]: 'revoked', [TAG.before]: 'published', [TAG.revokedBy]: 'bob' };
const CHANGED = { kind: 'refused', code: 'changed-meanwhile' };

/** One image is desired; another one is what this is about, and what somebody does to it once its tags were written. */
function interrupted(
  tags: Record<string, string>,
  intervene: (fake: FakeAccount, image: MachineImage) => void,
  staleMs = 0,
) {
  const fake = new FakeAccount({ staleMs });
  const desired = addImage(fake, { daysOld: 1, tags: PUBLISHED });
  const image = addImage(fake, { tags });
  setParameter(fake, FAMILY.parameter, desired.id);
  fake.clock.advance(60_000);
  let written = false;
  fake.gate.before = ({ name }) => {
    if (name.startsWith('tagging.')) written = true;
    else if (written) {
      fake.gate.before = () => undefined;
      intervene(fake, image);
    }
  };
  const common = { image, family: FAMILY, by: 'ann' };
  return {
    fake,
    image,
    revoke: async () => await revokeAndLook(fake.ports, hostOf(fake), { ...common, reason: 'no' }),
    unrevoke: async () => await unrevokeAndLook(fake.ports, hostOf(fake), common),
  };
}

const nobody = (): void => undefined;
const tag =
  (tags: Record<string, string>) =>
  (fake: FakeAccount, { id }: MachineImage): void => {
    const image = fake.state.images.get(id)!;
    fake.state.images.set(id, { ...image, tags: { ...image.tags, ...tags } });
  };
const untag = (fake: FakeAccount, image: MachineImage): void => void fake.state.images.set(image.id, image);
const remove = (fake: FakeAccount, { id }: MachineImage): void => void fake.state.images.delete(id);
const desire = (fake: FakeAccount, { id }: MachineImage): void => setParameter(fake, FAMILY.parameter, id);

describe('a revocation looks again at its end', () => {
  test.each([0, 5_000])('where nobody did anything it is done, reads being %i ms behind', async (staleMs) => {
    const { revoke, image, fake } = interrupted(PUBLISHED, nobody, staleMs);
    expect(await revoke()).toEqual({ outcome: 'revoked', isDesired: false });
    expect(stateOf(fake.state.images.get(image.id)!)).toBe('revoked');
  });

  test.each([
    ['somebody has taken it back', untag],
    ['a cleanup has deleted the image', remove],
    ['somebody has made the image desired', desire],
  ])('%s: that is told, with exit 4', async (_, intervene) => {
    const { revoke } = interrupted(PUBLISHED, intervene);
    await expect(revoke()).rejects.toMatchObject(CHANGED);
  });

  test('what was desired before is told, and is no reason to stop', async () => {
    const { revoke, fake, image } = interrupted(PUBLISHED, nobody);
    setParameter(fake, FAMILY.parameter, image.id);
    fake.clock.advance(60_000);
    expect(await revoke()).toEqual({ outcome: 'revoked', isDesired: true });
  });

  test('of an image that goes before it is written, that is told as well', async () => {
    const { revoke, fake, image } = interrupted(PUBLISHED, nobody);
    fake.gate.before = ({ name }) => {
      if (name === 'tagging.set') remove(fake, image);
    };
    await expect(revoke()).rejects.toMatchObject(CHANGED);
  });
});

describe('taking a revocation back looks again at its end', () => {
  test.each([0, 5_000])('where nobody did anything it is done, reads being %i ms behind', async (staleMs) => {
    const { unrevoke } = interrupted(REVOKED, nobody, staleMs);
    expect(await unrevoke()).toEqual({ outcome: 'restored', state: 'published' });
  });

  test('somebody has revoked it once more: who and why is told, with exit 4', async () => {
    const anew = { [TAG.state]: 'revoked', [TAG.revokedBy]: 'cleo', [TAG.reason]: 'it is bad' };
    const { unrevoke } = interrupted(REVOKED, tag(anew));
    await expect(unrevoke()).rejects.toMatchObject({
      ...CHANGED,
      message: expect.stringContaining('was revoked by cleo once more: it is bad'),
    });
  });

  test.each(['tagging.set', 'tagging.clear', 'images.find'])(
    'of an image that goes at %s: that is told',
    async (call) => {
      const { unrevoke, fake, image } = interrupted(REVOKED, nobody);
      fake.gate.before = ({ name }) => {
        if (name === call) remove(fake, image);
      };
      await expect(unrevoke()).rejects.toMatchObject(CHANGED);
    },
  );
});
