import type { IamStatement } from '../platform/iam-policy.ts';
import { partitionOf } from '../platform/iam-policy.ts';
import { roleStatements } from '../sccache/policy.ts';
import { stateStatements } from '../state/policy.ts';
import type { FamilyScope } from './family-scope.ts';
import { readingFleet, readingParameters } from './fleet-statements.ts';

/** Status, list, history and statistics: reads, and changes nothing. */
export function monitorStatements(scope: FamilyScope): readonly IamStatement[] {
  const { family, settings, state } = scope;
  const { sccache } = settings;
  const isOnAws = sccache !== undefined && !sccache.anonymous && sccache.endpoint === undefined;
  return [
    ...readingFleet(scope),
    readingParameters(scope),
    ...(isOnAws ? roleStatements(sccache, { partition: partitionOf(sccache.region) }, 'read-only') : []),
    ...stateStatements(state, family.region, [
      { area: { kind: 'machine-image', family: family.key }, access: 'read' },
      { area: { kind: 'builds', trusted: true }, access: 'read' },
      { area: { kind: 'builds', trusted: false }, access: 'read' },
    ]),
  ];
}
