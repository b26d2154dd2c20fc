import type { ImageId } from '../model/ids.ts';
import { whyUnpublishable } from '../model/unpublishable.ts';
import { wantedDisk, type WantedDisk } from '../model/disk.ts';
import type { StackReading } from '../rollout/stack-facts.ts';
import type { TemplateVersion } from '../model/template-version.ts';
import { foreignNewest, launchesImage, onlyFollows, planStack } from '../rollout/stack-plan.ts';
import type { Fleet } from './fleet.ts';

/** A difference between what should be and what is, or will be. */
export interface Drift {
  /**
   * `parameter`: what is desired cannot be run, or is not what the hold holds. `stack`: a group launches something else.
   * `stack-operation`: the next operation on the stack would change the image. `instances`: machines from before.
   */
  readonly kind: 'parameter' | 'stack' | 'stack-operation' | 'instances';
  readonly stack?: string;
  readonly message: string;
  /** Absent where only time helps. */
  readonly fix?: string;
  /** False for what goes away by itself, or is a risk only: a monitor keeps quiet about it. */
  readonly alarming: boolean;
  /** How it is told of several stacks at once: what follows `14 stacks`, and the command for all of them. */
  readonly alike?: { readonly what: string; readonly fix?: string };
}

/** Everything in which the fleet differs from the desired image. */
export function driftOf(fleet: Fleet): readonly Drift[] {
  const { desired, hold } = fleet.desiredState;
  const { parameter, key } = fleet.family;
  const option = `--family ${key}`;
  if (desired.state !== 'image') {
    const says =
      desired.state === 'absent' ? 'is not there' : `says '${desired.text}', which is not an image`;
    return [
      {
        kind: 'parameter',
        message: `${parameter} ${says}`,
        fix: `warmbake ami publish AMI ${option}`,
        alarming: true,
      },
    ];
  }
  const fault = stackFault(desired.id, fleet);
  const held = hold.state === 'held' ? hold.hold.image : undefined;
  return [
    ...(fault === undefined
      ? []
      : [
          {
            kind: 'parameter',
            message: `${parameter} names an image that must not run: ${fault}`,
            fix: `warmbake ami rollback ${option} --reason …`,
            alarming: true,
          } as const,
        ]),
    ...(held === undefined || held === desired.id
      ? []
      : [
          {
            kind: 'parameter',
            message: `${parameter} is ${desired.id}, but ${held} is held: a rollback was interrupted, or somebody wrote it by hand`,
            fix: `warmbake ami rollback ${option} --to ${held} --reason …`,
            alarming: true,
          } as const,
        ]),
    ...fleet.stacks.flatMap((stack) =>
      stackDrift(stack, desired.id, {
        option,
        parameter,
        disk: wantedDisk(fleet.family.disk, fleet.desired),
      }),
    ),
    ...instanceDrift(fleet, desired.id),
  ];
}

function stackFault(id: ImageId, { desired, family }: Fleet): string | undefined {
  return whyUnpublishable(desired, { id, family, account: desired?.owner ?? '' })?.because;
}

interface Naming {
  readonly option: string;
  readonly parameter: string;
  readonly disk: WantedDisk;
}

function stackDrift(
  stack: StackReading,
  desired: ImageId,
  { option, parameter, disk }: Naming,
): readonly Drift[] {
  if (stack.state === 'unreadable') {
    const { name, error } = stack;
    return [
      {
        kind: 'stack',
        stack: name,
        message: `${name} could not be read: ${error.message}`,
        alarming: true,
        alike: { what: `could not be read (${error.code})` },
      },
    ];
  }
  const { facts } = stack;
  const { name, active, latest } = facts;
  const plan = planStack(facts, desired, disk);
  const rollAll = `warmbake ami roll ${option}`;
  const fix = `${rollAll} --stack ${name}`;
  if (plan.action === 'refuse')
    return [
      {
        kind: 'stack',
        stack: name,
        message: plan.because,
        alarming: true,
        alike: { what: `cannot be moved (${plan.code})` },
      },
    ];
  const launches = plan.active.image ?? 'no image of its own';
  const live: readonly Drift[] =
    plan.action === 'nothing'
      ? []
      : [
          {
            kind: 'stack',
            stack: name,
            message: onlyFollows(plan)
              ? `${name} launches ${desired}, but its group follows ${plan.launch.use.version}: whoever makes a version changes what it launches`
              : launchesImage(plan)
                ? `${name} launches ${desired} (version ${plan.active.number}) with another disk than is configured`
                : `${name} launches ${launches} (version ${plan.active.number}), not ${desired}`,
            fix,
            alarming: !launchesImage(plan),
            alike: {
              what: onlyFollows(plan)
                ? `have a group that follows ${plan.launch.use.version}: whoever makes a version changes what it launches`
                : launchesImage(plan)
                  ? `launch ${desired} with another disk than is configured`
                  : `launch ${launches}, not ${desired}`,
              fix: rollAll,
            },
          },
        ];
  const next = operationDrift(facts.stack?.parameters ?? {}, desired, { name, parameter });
  const foreign = foreignNewest(facts, desired);
  const leftover: readonly Drift[] =
    foreign !== undefined ||
    latest === undefined ||
    latest.number === active?.number ||
    latest.image === desired
      ? []
      : [
          {
            kind: 'stack-operation',
            stack: name,
            message: `${name}'s latest version ${latest.number} has ${latest.image ?? 'no image of its own'}: a stack update that changes nothing else may launch it`,
            fix: `${fix} (after the update)`,
            alarming: false,
            alike: {
              what: `have a latest version with another image than ${desired}: an update that changes nothing else may launch it`,
              fix: `${rollAll} (after the update)`,
            },
          },
        ];
  return [...live, ...next, ...leftover, ...(foreign === undefined ? [] : [foreignDrift(foreign, name)])];
}

/** What somebody made by hand, or a stack update that failed left: a roll passes it over, and what it changes is launched by nobody. */
function foreignDrift({ template, number, image }: TemplateVersion, name: string): Drift {
  return {
    kind: 'stack-operation',
    stack: name,
    message: `${name}'s newest version ${number} has ${image ?? 'no image of its own'}, was made by hand or by a stack update that failed, and its group does not launch it: a roll passes it over, a stack update that changes nothing else may launch it`,
    fix: `aws ec2 delete-launch-template-versions --launch-template-id ${template} --versions ${number}  (or let the group launch it, and roll)`,
    alarming: false,
    alike: {
      what: 'have a newest version that was made by hand or by a stack update that failed: a roll passes it over, a stack update that changes nothing else may launch it',
    },
  };
}

/**
 * What the next stack operation would launch. The Elastic CI stack takes its parameter `ImageId`, else what `ImageIdParameter` names, else
 * an image of its own; stacks without these parameters are of another kind, and nothing is known.
 */
function operationDrift(
  parameters: Readonly<Record<string, string>>,
  desired: ImageId,
  { name, parameter }: { readonly name: string; readonly parameter: string },
): readonly Drift[] {
  const { ImageId: image, ImageIdParameter: source } = parameters;
  if (image === undefined && source === undefined) return [];
  const next =
    image !== undefined && image !== ''
      ? { is: image === desired, what: image }
      : source !== undefined && source !== ''
        ? { is: source === parameter, what: `what ${source} says` }
        : { is: false, what: 'the image of its Elastic CI version' };
  if (next.is) return [];
  return [
    {
      kind: 'stack-operation',
      stack: name,
      message: `the next operation on ${name} would launch ${next.what}, not ${desired}`,
      fix: `set its parameter ImageIdParameter to ${parameter}`,
      alarming: true,
      alike: {
        what: `would launch ${next.what} at their next operation, not ${desired}`,
        fix: `set their parameter ImageIdParameter to ${parameter}`,
      },
    },
  ];
}

function instanceDrift({ instances, stacks }: Fleet, desired: ImageId): readonly Drift[] {
  return stacks.flatMap((stack) => {
    if (stack.state === 'unreadable') return [];
    const { name, groupName } = stack.facts;
    const old = instances.filter(({ group, image }) => group === groupName && image !== desired);
    if (old.length === 0) return [];
    const what = old.length === 1 ? '1 instance' : `${old.length} instances`;
    return [
      {
        kind: 'instances',
        stack: name,
        message: `${what} of ${name} run${old.length === 1 ? 's' : ''} another image until the job is done`,
        alarming: false,
        alike: { what: 'have instances of another image until their jobs are done' },
      },
    ];
  });
}
