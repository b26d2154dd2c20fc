import type { IamCondition, IamPolicy } from '../../src/platform/iam-policy.ts';

/** One authorization as IAM decides it: a request can need several, one for each resource. */
export interface Authorization {
  readonly action: string;
  readonly resource: string;
  /** Values of condition keys; one that is missing is absent from the request. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** Whether the policy allows it: what IAM's own evaluation says of statements that allow (IAM user guide, "Policy evaluation logic"). */
export function allows({ Statement }: IamPolicy, { action, resource, context = {} }: Authorization): boolean {
  return Statement.some(
    ({ Action, Resource, Condition = {} }) =>
      Action.includes(action) &&
      Resource.some((pattern) => isLike(pattern, resource)) &&
      holds(Condition, context),
  );
}

function holds(condition: IamCondition, context: NonNullable<Authorization['context']>): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) =>
      OPERATORS[operator]!(context[key] === undefined ? undefined : [context[key]].flat(), [wanted].flat()),
    ),
  );
}

type Operator = (values: readonly string[] | undefined, wanted: readonly string[]) => boolean;

/** What is not here is not known: using it throws, so that no policy of ours rests on a guess. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: (values, wanted) => values !== undefined && values.some((value) => wanted.includes(value)),
  StringEqualsIfExists: (values, wanted) =>
    values === undefined || values.some((value) => wanted.includes(value)),
  'ForAllValues:StringLike': (values = [], wanted) =>
    values.every((value) => wanted.some((pattern) => isLike(pattern, value))),
  ArnLike: (values, wanted) =>
    values !== undefined && values.some((value) => wanted.some((pattern) => isLike(pattern, value))),
  Null: (values, [wanted]) => (values === undefined) === (wanted === 'true'),
};

function isLike(pattern: string, text: string): boolean {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(text);
}
