import type {
  FleetData,
  SpotFleetRequestConfig,
  SpotInstanceRequest,
  FleetLaunchTemplateSpecification,
} from '@aws-sdk/client-ec2';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import type { Fleets, LaunchingFleet } from '../model/account.ts';
import type { VersionName } from '../model/template-version.ts';
import type { Ec2 } from './ec2.ts';
import { present } from './present.ts';
import { listOf } from './whole-list.ts';

/** {@link Fleets} on EC2. What instances of ended fleets run is seen by the instances. */
export function openFleets(ec2: Ec2): Fleets {
  return {
    async list() {
      const all = await Promise.all([ec2Fleets(ec2), spotFleets(ec2), spotRequests(ec2)]);
      return all.flat();
    },
  };
}

async function ec2Fleets(ec2: Ec2): Promise<readonly LaunchingFleet[]> {
  const { sdk, client } = await ec2.load();
  const name = { action: 'ec2:DescribeFleets', subject: 'all EC2 fleets' };
  const fleets = await listOf(ec2, { name, field: 'Fleets' }, (options) =>
    sdk.paginateDescribeFleets({ client }, {}, options),
  );
  return fleets.filter(({ FleetState }) => mayLaunch(FleetState)).map((fleet) => ec2Fleet(fleet, name));
}

function ec2Fleet({ FleetId, LaunchTemplateConfigs = [] }: FleetData, name: AwsRequestName): LaunchingFleet {
  const specifications = LaunchTemplateConfigs.map(({ LaunchTemplateSpecification: one }) => one);
  const overrides = LaunchTemplateConfigs.flatMap(({ Overrides = [] }) => Overrides);
  return {
    id: present(FleetId, name, 'FleetId'),
    uses: templatesOf(specifications),
    images: overrides.flatMap(({ ImageId }) => ImageId ?? []),
  };
}

async function spotFleets(ec2: Ec2): Promise<readonly LaunchingFleet[]> {
  const { sdk, client } = await ec2.load();
  const name = { action: 'ec2:DescribeSpotFleetRequests', subject: 'all spot fleets' };
  const fleets = await listOf(ec2, { name, field: 'SpotFleetRequestConfigs' }, (options) =>
    sdk.paginateDescribeSpotFleetRequests({ client }, {}, options),
  );
  return fleets
    .filter(({ SpotFleetRequestState }) => mayLaunch(SpotFleetRequestState))
    .map((fleet) => spotFleet(fleet, name));
}

function spotFleet(fleet: SpotFleetRequestConfig, name: AwsRequestName): LaunchingFleet {
  const { LaunchTemplateConfigs = [], LaunchSpecifications = [] } = present(
    fleet.SpotFleetRequestConfig,
    name,
    'SpotFleetRequestConfig',
  );
  const specifications = LaunchTemplateConfigs.map(({ LaunchTemplateSpecification: one }) => one);
  return {
    id: present(fleet.SpotFleetRequestId, name, 'SpotFleetRequestId'),
    uses: templatesOf(specifications),
    images: LaunchSpecifications.flatMap(({ ImageId }) => ImageId ?? []),
  };
}

async function spotRequests(ec2: Ec2): Promise<readonly LaunchingFleet[]> {
  const { sdk, client } = await ec2.load();
  const name = { action: 'ec2:DescribeSpotInstanceRequests', subject: 'all spot requests' };
  const requests = await listOf(ec2, { name, field: 'SpotInstanceRequests' }, (options) =>
    sdk.paginateDescribeSpotInstanceRequests({ client, pageSize: 1_000 }, {}, options),
  );
  return requests.filter(({ State }) => mayLaunch(State)).map((request) => spotRequest(request, name));
}

function spotRequest(request: SpotInstanceRequest, name: AwsRequestName): LaunchingFleet {
  const image = request.LaunchSpecification?.ImageId;
  return {
    id: present(request.SpotInstanceRequestId, name, 'SpotInstanceRequestId'),
    uses: [],
    images: image === undefined ? [] : [image],
  };
}

/** `cancelled_running` keeps instances and makes none; what EC2 does not say may launch. */
function mayLaunch(state: string | undefined): boolean {
  return !/^(?:deleted|failed|cancelled|closed)/.test(state ?? '');
}

type Specification = FleetLaunchTemplateSpecification | undefined;

/** A fleet says what it was given: the template's id, or its name. */
function templatesOf(specifications: readonly Specification[]): LaunchingFleet['uses'] {
  return specifications.flatMap((one) => {
    const template = one?.LaunchTemplateId ?? one?.LaunchTemplateName;
    return template === undefined ? [] : [{ template, version: (one?.Version ?? '$Default') as VersionName }];
  });
}
