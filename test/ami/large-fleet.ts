import type { FamilySettings } from '../../src/config/families.ts';
import type { MachineImage } from '../../src/ami/model/machine-image.ts';
import { TAG } from '../../src/ami/model/tags.ts';
import { FAMILY, HOUR } from './family.ts';
import { FakeAccount } from './fake/account.ts';
import { addImage, addInstance, addStack, setParameter } from './fake/furnish.ts';
import { PUBLISHED } from './operations.ts';

/** A hundred stacks with 326 instances, 214 of them on the bad image; the parameter says what `desired` does. */
export function largeFleet({ desired }: { readonly desired: 'bad' | 'good' }): {
  readonly fake: FakeAccount;
  readonly family: FamilySettings;
  readonly bad: MachineImage;
  readonly good: MachineImage;
  /** Who has a job: 96 of those on the bad image, 40 of the others. */
  readonly work: ReadonlyMap<string, 'busy' | 'idle'>;
} {
  const fake = new FakeAccount();
  const family = {
    ...FAMILY,
    stacks: Array.from({ length: 100 }, (_, n) => `agents-of-team-${String(n).padStart(3, '0')}`),
    usualDrainMs: 25 * 60_000,
  };
  const images = Array.from({ length: 12 }, (_, daysOld) => addImage(fake, { daysOld, tags: PUBLISHED }));
  const [bad, good] = images;
  if (bad === undefined || good === undefined) throw new Error('no images');
  for (const { id } of images.toReversed()) setParameter(fake, family.parameter, id);
  if (desired === 'good') {
    setParameter(fake, family.parameter, good.id);
    const tags = {
      ...PUBLISHED,
      [TAG.state]: 'revoked',
      [TAG.revokedBy]: 'ann',
      [TAG.revokedAt]: '2026-08-21T12:00:00Z',
      [TAG.reason]: 'agents do not start',
    };
    fake.state.images.set(bad.id, { ...bad, tags });
  }
  const groups = family.stacks.map(
    (stack, n) => addStack(fake, stack, { image: n < 14 || desired === 'bad' ? bad.id : good.id }).group,
  );
  const ids = Array.from({ length: 326 }, (_, n) =>
    addInstance(fake, { image: n < 214 ? bad.id : good.id, group: groups[n % 100] ?? '' }),
  );
  fake.clock.advance(3 * HOUR);
  const isBusy = (n: number): boolean => n < 96 || (n >= 214 && n < 254);
  return { fake, family, bad, good, work: new Map(ids.map((id, n) => [id, isBusy(n) ? 'busy' : 'idle'])) };
}
