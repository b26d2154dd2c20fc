import { noteDrain } from '../../../ami/status/past-drain.ts';
import { usualDrainMs } from '../../../ami/status/usual-drain.ts';
import { watchRollout, type WatchLook } from '../../../ami/status/watch.ts';
import type { WatchDocument } from '../../../ami/status/watch-schema.ts';
import { busyByInstance } from '../../../buildkite/busy-agents.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandOutcome, type CommandSpec, type Input, flag, never } from '../../command.ts';
import { durationOption } from '../../duration-option.ts';
import { linePart } from '../../parts.ts';
import { ageText } from './age.ts';
import { drainText } from './count-text.ts';
import { FAMILY_OPTIONS, openFamily } from './family.ts';

const WITHIN = '2h';
const EVERY = '30s';

/** `warmbake ami watch`: until the old image is gone. */
export const amiWatchCommand: CommandSpec = {
  description:
    'Follow the rollout of the desired image until every stack launches it and no instance runs another one: a line whenever something changed. Ends with 0 then, with 1 where the time is over first, with 4 where another image is desired by then. Changes nothing; with a state store it notes how long the drain took, for the estimates of the next one.',
  options: [
    ...FAMILY_OPTIONS,
    { flags: '--for <time>', help: `longest time to wait (default: ${WITHIN})` },
    { flags: '--every <time>', help: `time between two looks (default: ${EVERY})` },
  ],
  examples: ['warmbake ami watch', 'warmbake ami watch --for 45m --json'],
  changesShared: never,
  documentLines: true,
  run: amiWatch,
};

async function amiWatch(host: Host, input: Input): Promise<CommandOutcome> {
  const withinMs = durationOption(input, 'for', WITHIN)?.ms ?? 7_200_000;
  const everyMs = everyOption(input);
  const { family, account, store } = await openFamily(host, input);
  const usualMs = await usualDrainMs(family, store);
  const isJson = flag(input, 'json');
  let said = '';
  const tell = (look: WatchLook): void => {
    if (look.done) return;
    if (isJson) return host.emit({ type: 'record', record: { family: family.key, ...documentOf(look) } });
    const { old, ...rest } = look;
    const news = JSON.stringify([rest.behind, rest.unread, old.instances, old.busy, rest.instances]);
    if (news === said) return;
    said = news;
    host.emit(linePart(lookText(look, usualMs)));
  };
  const work = async () => await busyByInstance(host);
  const last = await watchRollout(account, host, {
    family,
    withinMs,
    everyMs,
    usualDrainMs: usualMs,
    work,
    tell,
    ...(store === undefined ? {} : { note: async (past) => await noteDrain(store, host, past) }),
  });
  return {
    json: { family: family.key, ...documentOf(last) } satisfies Omit<WatchDocument, 'schemaVersion'>,
    page: [linePart(`all ${last.instances} instances and all stacks are on ${last.image}`)],
  };
}

/** Without a pause, looks would be all that AWS still answers. */
function everyOption(input: Input): number {
  const every = durationOption(input, 'every', EVERY);
  if (every === undefined) return 30_000;
  if (every.ms > 0) return every.ms;
  throw new WarmbakeError('usage', 'bad-duration', `--every ${every.text} is no pause; write 1s or more`);
}

/** `05:12:30Z  120 of 326 instances run another image, 60 busy, oldest 3.1 h; at this pace until 05:40Z`. */
export function lookText(look: WatchLook, usualMs?: number): string {
  const { at, instances, old, behind, unread } = look;
  const others = behind.filter((name) => !unread.includes(name));
  const parts = [
    `${old.instances} of ${instances} instances run another image`,
    ...(old.busy === undefined ? [] : [`${old.busy} busy`]),
    ...(old.instances === 0 ? [] : [`oldest ${ageText(old.oldestMs)}`]),
    ...(others.length === 0 ? [] : [`${others.length} stacks launch another one: ${namesOf(others)}`]),
    ...(unread.length === 0 ? [] : [`${unread.length} stacks could not be read: ${namesOf(unread)}`]),
  ];
  return `${at.toISOString().slice(11, 19)}Z  ${parts.join(', ')}${endText(look, usualMs)}`;
}

function endText({ at, old, expected, expectedBy }: WatchLook, usualMs: number | undefined): string {
  if (expectedBy === 'pace') return `; at this pace until ${expected?.toISOString().slice(11, 16)}Z`;
  const leftMs = expected === undefined ? undefined : expected.getTime() - at.getTime();
  return old.instances === 0 ? '' : drainText({ usualMs, leftMs });
}

function namesOf(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

function documentOf({ old, images, behind, unread, ...rest }: WatchLook) {
  return { ...rest, old, images: [...images], behind: [...behind], unread: [...unread] };
}
