import type { HoldTerms } from '../../src/ami/rollback/place-hold.ts';
import { prepareRollback, rollback, type RollbackReport } from '../../src/ami/rollback/rollback.ts';
import type { RollbackGoal } from '../../src/ami/rollback/plan.ts';
import { TAG } from '../../src/ami/model/tags.ts';
import type { Account } from '../../src/ami/model/account.ts';
import { FAMILY } from './family.ts';
import { FakeAccount, type FakeOptions } from './fake/account.ts';
import { addImage, addStack, setParameter } from './fake/furnish.ts';
import { hostOf } from './fake/host.ts';

export const PUBLISHED = { [TAG.family]: 'cpu', [TAG.state]: 'published', [TAG.run]: 'run' };
/** A cleanup of yesterday has marked it. */
export const CONDEMNED = { [TAG.condemned]: '2026-08-20T12:00:00.000Z' };
export const TERMS: HoldTerms = { by: 'ann', reason: 'agents do not start' };

/** Four stacks on the newest of `days` images, one a day; all of them were desired once. Those that nobody needs are condemned. */
export function fleetOf(days: number, options?: FakeOptions) {
  const fake = new FakeAccount(options);
  const images = Array.from({ length: days }, (_, daysOld) =>
    addImage(fake, { daysOld, tags: { ...PUBLISHED, ...(daysOld >= 6 ? CONDEMNED : {}) } }),
  );
  const [bad, good] = [images[0]!, images[1]!];
  const stacks = new Map(FAMILY.stacks.map((name) => [name, addStack(fake, name, { image: bad.id })]));
  for (const { id } of images.toReversed()) setParameter(fake, FAMILY.parameter, id);
  return { fake, images, bad, good, stacks };
}

/** Plans and does it, as the command does. */
export async function goBack(
  fake: FakeAccount,
  options: { goal?: RollbackGoal; revokes?: boolean; terms?: HoldTerms; ports?: Account } = {},
): Promise<RollbackReport> {
  const { goal = { kind: 'last-good' }, revokes = true, terms = TERMS, ports = fake.ports } = options;
  const { plan } = await prepareRollback(ports, hostOf(fake), { family: FAMILY, goal });
  return await rollback(ports, hostOf(fake), { family: FAMILY, plan, terms, revokes });
}
