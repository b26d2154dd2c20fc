import type { LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateVersion } from '@aws-sdk/client-ec2';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { askedTogether } from '../../platform/together.ts';
import type { Templates } from '../model/account.ts';
import type { TemplateId } from '../model/ids.ts';
import { toJson } from '../model/json.ts';
import { clientToken, type TemplateVersion } from '../model/template-version.ts';
import type { Ec2 } from './ec2.ts';
import { present } from './present.ts';
import { listOf } from './whole-list.ts';

const ABSENT = [
  'InvalidLaunchTemplateId.NotFound',
  'InvalidLaunchTemplateId.VersionNotFound',
  'InvalidLaunchTemplateName.NotFoundException',
];

/** {@link Templates} on EC2. */
export function openTemplates(ec2: Ec2): Templates {
  const action = 'ec2:DescribeLaunchTemplateVersions';
  return {
    async version(template, version) {
      const { sdk, client } = await ec2.load();
      const name = { action, subject: `${template} ${version}` };
      const input = { LaunchTemplateId: template, Versions: [version] };
      const answer = await ec2.ask(
        { ...name, expect: ABSENT },
        async (options) => await client.send(new sdk.DescribeLaunchTemplateVersionsCommand(input), options),
      );
      if (!answer.ok) return undefined;
      const [found] = present(answer.value.LaunchTemplateVersions, name, 'LaunchTemplateVersions');
      return found === undefined ? undefined : templateVersion(found, name);
    },
    async withImage(template, image) {
      const { sdk, client } = await ec2.load();
      const name = { action, subject: `versions of ${template} with ${image}` };
      const input = { LaunchTemplateId: template, Filters: [{ Name: 'image-id', Values: [image] }] };
      const versions = await listOf(ec2, { name, field: 'LaunchTemplateVersions' }, (options) =>
        sdk.paginateDescribeLaunchTemplateVersions({ client, pageSize: 200 }, input, options),
      );
      return versions.map((found) => templateVersion(found, name)).filter((found) => found.image === image);
    },
    async all(template) {
      const { sdk, client } = await ec2.load();
      const name = { action, subject: `versions of ${template}` };
      const versions = await listOf(ec2, { name, field: 'LaunchTemplateVersions' }, (options) =>
        sdk.paginateDescribeLaunchTemplateVersions(
          { client, pageSize: 200 },
          { LaunchTemplateId: template },
          options,
        ),
      );
      return versions.map((found) => templateVersion(found, name));
    },
    current: askedTogether(async () => {
      const { sdk, client } = await ec2.load();
      const name = { action, subject: 'latest and default versions of all launch templates' };
      const versions = await listOf(ec2, { name, field: 'LaunchTemplateVersions' }, (options) =>
        sdk.paginateDescribeLaunchTemplateVersions(
          { client, pageSize: 200 },
          { Versions: ['$Latest', '$Default'] },
          options,
        ),
      );
      return versions.map((found) => templateVersion(found, name));
    }),
    async create(request) {
      const { sdk, client } = await ec2.load();
      const name = { action: 'ec2:CreateLaunchTemplateVersion', subject: request.template };
      const input = {
        LaunchTemplateId: request.template,
        SourceVersion: String(request.source),
        LaunchTemplateData: {
          ImageId: request.image,
          // As EC2 described them.
          ...(request.devices === undefined
            ? {}
            : { BlockDeviceMappings: [...request.devices] as LaunchTemplateBlockDeviceMappingRequest[] }),
        },
        VersionDescription: request.description,
        ClientToken: clientToken(request),
      };
      const answer = await ec2.call(
        name,
        async (options) => await client.send(new sdk.CreateLaunchTemplateVersionCommand(input), options),
      );
      return templateVersion(present(answer.LaunchTemplateVersion, name, 'LaunchTemplateVersion'), name);
    },
  };
}

function templateVersion(version: LaunchTemplateVersion, name: AwsRequestName): TemplateVersion {
  const data = present(version.LaunchTemplateData, name, 'LaunchTemplateData');
  return {
    template: present(version.LaunchTemplateId, name, 'LaunchTemplateId') as TemplateId,
    ...(version.LaunchTemplateName === undefined ? {} : { templateName: version.LaunchTemplateName }),
    number: present(version.VersionNumber, name, 'VersionNumber'),
    isDefault: version.DefaultVersion === true,
    ...(data.ImageId === undefined ? {} : { image: data.ImageId }),
    ...(version.VersionDescription === undefined ? {} : { description: version.VersionDescription }),
    ...(version.CreateTime === undefined ? {} : { createdAt: version.CreateTime }),
    data: toJson(data),
  };
}
