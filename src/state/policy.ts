import { type IamStatement, allow, partitionOf } from '../platform/iam-policy.ts';
import { type StateArea, areaPrefix } from './area.ts';
import { parseStatePlace } from './state-place.ts';

/** What a role does with one area of the state store. */
export interface StateUse {
  readonly area: StateArea;
  /** `add` writes what is not there yet, and changes nothing. */
  readonly access: 'read' | 'add' | 'write';
}

/**
 * The rights on a state store in S3, `s3://bucket[/prefix]`; none for a directory, where file permissions decide. Without ListBucket, S3
 * calls what is absent forbidden; a condition on the prefix would not hold for a request of one object, so names are not a secret.
 */
export function stateStatements(
  state: string | undefined,
  region: string,
  uses: readonly StateUse[],
): readonly IamStatement[] {
  const place = state === undefined ? undefined : parseStatePlace(state);
  if (place === undefined) return [];
  const bucket = `arn:${partitionOf(region)}:s3:::${place.bucket}`;
  const objects = (access: readonly StateUse['access'][]) =>
    uses
      .filter((use) => access.includes(use.access))
      .map(({ area }) =>
        [bucket, ...(place.prefix === '' ? [] : [place.prefix]), areaPrefix(area), '*'].join('/'),
      );
  const on = (
    access: readonly StateUse['access'][],
    statement: (resources: readonly string[]) => IamStatement,
  ) => {
    const resources = objects(access);
    return resources.length === 0 ? [] : [statement(resources)];
  };
  return [
    ...on(['read', 'add', 'write'], (all) => allow('ReadState', ['s3:GetObject'], { on: all })),
    // Conditional writes, S3 user guide, "Enforce conditional writes".
    ...on(['add'], (all) =>
      allow('AddState', ['s3:PutObject'], { on: all, when: { Null: { 's3:if-none-match': 'false' } } }),
    ),
    ...on(['write'], (all) => allow('WriteState', ['s3:PutObject'], { on: all })),
    ...on(['read', 'write'], () => allow('ListState', ['s3:ListBucket'], { on: [bucket] })),
  ];
}
