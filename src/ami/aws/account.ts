import { openAws } from '../../platform/aws.ts';
import type { LimitedHost } from '../../platform/aws-limits.ts';
import type { Host } from '../../platform/host.ts';
import type { Account } from '../model/account.ts';
import { openFastRestores } from './fast-restores.ts';
import { openFleets } from './fleets.ts';
import { openGroups } from './groups.ts';
import { openIdentity } from './identity.ts';
import { openImages } from './images.ts';
import { openInstances } from './instances.ts';
import { openEc2 } from './ec2.ts';
import { openParameters } from './parameters.ts';
import { openSnapshots } from './snapshots.ts';
import { openStacks } from './stacks.ts';
import { openTagging } from './tagging.ts';
import { openTemplates } from './templates.ts';

/** The account of the caller's credentials in `region`. Nothing is loaded or asked before the first call. */
export function openAccount(host: Pick<Host, 'fetch' | 'http'> & LimitedHost, region: string): Account {
  const { fetch, http = fetch, signal, clock, emit } = host;
  const said = { ...(clock === undefined ? {} : { clock }), ...(emit === undefined ? {} : { emit }) };
  const aws = openAws({ fetch: http, signal, ...said }, region);
  const ec2 = openEc2(aws);
  return {
    identity: openIdentity(aws),
    images: openImages(ec2),
    snapshots: openSnapshots(ec2),
    fastRestores: openFastRestores(ec2),
    tagging: openTagging(ec2),
    templates: openTemplates(ec2),
    groups: openGroups(aws),
    fleets: openFleets(ec2),
    instances: openInstances(ec2),
    stacks: openStacks(aws),
    parameters: openParameters(aws),
  };
}
