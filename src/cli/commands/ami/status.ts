import type { OpenFamily } from '../../../ami/jobs/open-family.ts';
import type { Drift } from '../../../ami/status/drift.ts';
import { readFleet } from '../../../ami/status/fleet.ts';
import { parseImageId } from '../../../ami/model/ids.ts';
import { usualDrainMs } from '../../../ami/status/usual-drain.ts';
import { statusOf, type FamilyStatus } from '../../../ami/status/status.ts';
import { readWorkState } from '../../../ami/status/work-state.ts';
import { busyByInstance } from '../../../buildkite/busy-agents.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import { type CommandSpec, type Input, type CommandOutcome, flag, never } from '../../command.ts';
import { linePart } from '../../parts.ts';
import { withProgress } from '../../progress.ts';
import { type Duration, durationOption } from '../../duration-option.ts';
import { ageText } from './age.ts';
import { FAMILY_OPTIONS, openFamilies } from './family.ts';
import { holdDocument } from './hold.ts';
import { statusParts, type StatusView } from './status-text.ts';
import type { FamilyStatusDocument } from '../../../ami/status/status-schema.ts';

/** `warmbake ami status`: what runs, what should, and what does not fit. */
export const amiStatusCommand: CommandSpec = {
  description:
    'Show desired image, hold, stacks, instances, lock and interrupted runs of every family, and where they differ. With BUILDKITE_API_TOKEN and BUILDKITE_ORGANIZATION_SLUG also which instances are busy. Changes nothing.',
  options: [
    ...FAMILY_OPTIONS,
    { flags: '--max-age <time>', help: 'exit 1 where the desired image is older, like 48h' },
    {
      flags: '--require-in-sync',
      help: 'exit 1 where a stack does not launch the desired image, or would not after its next update',
    },
  ],
  examples: ['warmbake ami status', 'warmbake ami status --max-age 48h --require-in-sync'],
  changesShared: never,
  run: amiStatus,
};

async function amiStatus(host: Host, input: Input): Promise<CommandOutcome> {
  const maximumAge = durationOption(input, 'maxAge', '48h');
  const opened = await openFamilies(host, input);
  const stacks = opened.reduce((sum, { family }) => sum + family.stacks.length, 0);
  const views = await withProgress(host, `reading ${stacks} stacks`, async () => {
    const busy = await busyByInstance(host);
    const looked: StatusView[] = [];
    for (const open of opened) looked.push({ ...(await look(host, open)), busy });
    return looked;
  });
  const alarms = views.flatMap(({ status }) => [
    ...(maximumAge === undefined ? [] : ageAlarms(status, maximumAge)),
    ...(flag(input, 'requireInSync') ? driftAlarms(status) : []),
  ]);
  return {
    json: { families: views.map(documentOf) },
    page: views.flatMap((view, i) => [
      ...(i === 0 ? [] : [linePart('')]),
      ...statusParts(view, host.clock.now()),
    ]),
    ...(alarms.length === 0 ? {} : { error: new WarmbakeError('check', 'alarm', alarms.join('\n  ')) }),
  };
}

async function look(host: Host, { family, account, store }: OpenFamily): Promise<Omit<StatusView, 'busy'>> {
  const work = await readWorkState(store, host, family);
  const rollout = parseImageId(work.unfinished?.image ?? '');
  const fleet = await readFleet(account, host, { family, rollouts: rollout === undefined ? [] : [rollout] });
  const usualMs = await usualDrainMs(family, work.lock.state === 'unknown' ? undefined : store);
  return { status: statusOf(fleet, usualMs), work };
}

function ageAlarms({ key, desired }: FamilyStatus, maximumAge: Duration): readonly string[] {
  if (desired.image === undefined) return [`${key}: the age of the desired image is not known`];
  const { id, ageMs } = desired.image;
  if (ageMs <= maximumAge.ms) return [];
  return [`${key}: ${id} is ${ageText(ageMs)} old; ${maximumAge.text} is allowed`];
}

function driftAlarms({ key, drift }: FamilyStatus): readonly string[] {
  return drift.flatMap(({ alarming, message }) => (alarming ? [`${key}: ${message}`] : []));
}

function documentOf({ status, work, busy }: StatusView): FamilyStatusDocument {
  const { hold, instances, drift, ...rest } = status;
  return {
    ...rest,
    drift: drift.map(driftDocument),
    hold: holdDocument(hold),
    instances: instances.map((instance) => ({ ...instance, work: busy.get(instance.id) ?? 'unknown' })),
    ...work,
  };
}

/** How it is told of several stacks at once is for people. */
function driftDocument(drift: Drift): FamilyStatusDocument['drift'][number] {
  const { alike: _, ...told } = drift;
  return told;
}
