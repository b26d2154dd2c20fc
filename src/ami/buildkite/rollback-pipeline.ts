import { head, RETRY, type Pipeline, type PipelineSettings, type PipelineStep } from './pipelines.ts';

/** A step that asks (Buildkite's references of input and block steps): who may answer can be said of block steps. */
export interface InputStep {
  readonly input?: string;
  readonly block?: string;
  readonly key: string;
  readonly prompt: string;
  /** Slugs of teams; absent: whoever may run the pipeline. */
  readonly allowed_teams?: readonly string[];
  readonly fields: readonly (TextField | SelectField)[];
}

interface TextField {
  readonly text: string;
  readonly key: string;
  readonly hint: string;
  readonly required: boolean;
}

interface SelectField {
  readonly select: string;
  readonly key: string;
  readonly default: string;
  readonly options: readonly { readonly label: string; readonly value: string }[];
}

const WHAT = 'rollback-what';
const BACK = 'back';
const UNDO = 'undo';
const REASON = 'rollback-reason';
const IMAGE = 'rollback-image';

/**
 * Asks, then goes back, or takes the last rollback back. In no concurrency group: it must not wait for a rebuild that is under way, which
 * an undo refuses to meet. The answers are never part of the command's text: the shell gets them as the output of another command, in
 * quotes, and reads no meaning into them; where one cannot be had nothing is done.
 */
export function rollbackPipeline(settings: PipelineSettings): Pipeline<InputStep | PipelineStep> {
  const { family, queue } = settings;
  const ask = `ask-rollback-${family.key}-ami`;
  const title = `Roll back the ${family.key} image`;
  const answer = (key: string): string => `"$$(buildkite-agent meta-data get ${key} --default '')"`;
  const goal = `what=${answer(WHAT)} && if [ "$$what" = ${UNDO} ]; then set -- --undo; else set --; fi`;
  return {
    ...head(settings),
    steps: [
      {
        ...(family.rollbackTeams.length === 0
          ? { input: title }
          : { block: title, allowed_teams: family.rollbackTeams }),
        key: ask,
        prompt: `All ${family.stacks.length} stacks get the image, and keep it until \`warmbake ami release\`; an undo puts back what the last rollback changed.`,
        fields: [
          {
            select: 'What',
            key: WHAT,
            default: BACK,
            options: [
              { label: 'Go back to an earlier image', value: BACK },
              { label: 'Undo the last rollback', value: UNDO },
            ],
          },
          { text: 'Reason', key: REASON, hint: 'everybody who meets the hold reads it', required: true },
          { text: 'Image', key: IMAGE, hint: 'ami-…; empty: the last good one', required: false },
        ],
      },
      {
        label: `:rewind: roll back the ${family.key} image`,
        key: `rollback-${family.key}-ami`,
        depends_on: ask,
        command: `${goal} && warmbake ami rollback --family ${family.key} --yes --reason=${answer(REASON)} --to=${answer(IMAGE)} "$$@"`,
        agents: { queue },
        timeout_in_minutes: 15,
        retry: RETRY,
      },
    ],
  };
}
