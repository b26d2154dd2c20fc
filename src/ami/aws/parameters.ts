import type { Aws } from '../../platform/aws.ts';
import { withoutLog } from '../../platform/aws-client.ts';
import { lazily } from '../../platform/lazily.ts';
import type { AwsRequestName } from '../../platform/aws-fault.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { inParallel } from '../../platform/parallel.ts';
import type { NamingParameter, Parameters, PastParameter } from '../model/account.ts';
import { imageIdsIn } from '../model/ids.ts';
import { present } from './present.ts';
import { listOf, wholeList } from './whole-list.ts';

/** SSM keeps 100 versions of a parameter. */
const FULL = 'ParameterMaxVersionLimitExceeded';
const ABSENT = ['ParameterNotFound', 'ParameterVersionNotFound'];

/** {@link Parameters} on SSM. */
export function openParameters(aws: Aws): Parameters {
  const load = lazily(async () => {
    const sdk = await import('./ssm-sdk.ts');
    return { sdk, client: withoutLog(new sdk.SSMClient(aws.limited('SSM'))) };
  });
  const history = async (parameter: string): Promise<readonly PastParameter[]> => {
    const { sdk, client } = await load();
    const name = { action: 'ssm:GetParameterHistory', subject: parameter };
    const answer = await aws.ask(
      { ...name, expect: ABSENT },
      async (options) =>
        await wholeList(
          sdk.paginateGetParameterHistory({ client, pageSize: 50 }, { Name: parameter }, options),
          { name, field: 'Parameters' },
        ),
    );
    return (answer.ok ? answer.value : [])
      .map((past) => ({
        value: present(past.Value, name, 'Value'),
        version: present(past.Version, name, 'Version'),
        modifiedAt: present(past.LastModifiedDate, name, 'LastModifiedDate'),
        modifiedBy: past.LastModifiedUser ?? '',
        labels: past.Labels ?? [],
      }))
      .toSorted((a, b) => b.version - a.version);
  };
  /** What has been read of others; another value has another version. */
  const known = new Map<string, Known>();
  /** Absent where one of them may not be read: SSM then gives none. */
  const readMany = async (wanted: readonly Wanted[]): Promise<readonly Known[] | undefined> => {
    const { sdk, client } = await load();
    const names = wanted.map((one) => one.name);
    const name = { action: 'ssm:GetParameters', subject: names.join(', ') };
    const answer = await aws.ask(
      { ...name, expect: ['AccessDeniedException'] },
      async (options) => await client.send(new sdk.GetParametersCommand({ Names: names }), options),
    );
    if (!answer.ok) return undefined;
    const found = present(answer.value.Parameters, name, 'Parameters');
    const answered = new Set([...found.map(({ Name }) => Name), ...(answer.value.InvalidParameters ?? [])]);
    for (const asked of names) present(answered.has(asked) ? asked : undefined, name, asked);
    return found.map((one) => ({
      name: present(one.Name, name, 'Name'),
      version: one.Version ?? 0,
      images: imageIdsIn(present(one.Value, name, 'Value')),
    }));
  };
  const readOne = async (wanted: Wanted): Promise<readonly Known[]> => {
    const read = await readMany([wanted]);
    if (read === undefined && wanted.isImage) {
      const message = `parameter ${wanted.name} names an image, and may not be read`;
      const hint = `allow ssm:GetParameters on it to the identity that runs this`;
      throw new WarmbakeError('outside', 'aws-denied', message, { hint });
    }
    return read ?? [{ name: wanted.name, version: wanted.version, images: [] }];
  };
  return {
    async get(parameter) {
      const { sdk, client } = await load();
      const name = { action: 'ssm:GetParameter', subject: parameter };
      const answer = await aws.ask(
        { ...name, expect: ABSENT },
        async (options) => await client.send(new sdk.GetParameterCommand({ Name: parameter }), options),
      );
      if (!answer.ok) return undefined;
      const found = present(answer.value.Parameter, name, 'Parameter');
      requireAnswerOf(found.Name, parameter, name);
      return {
        value: present(found.Value, name, 'Value'),
        version: present(found.Version, name, 'Version'),
        ...(found.LastModifiedDate === undefined ? {} : { modifiedAt: found.LastModifiedDate }),
      };
    },
    async put(parameter, value) {
      const { sdk, client } = await load();
      const name = { action: 'ssm:PutParameter', subject: parameter };
      const input = { Name: parameter, Value: value, Type: 'String' as const, Overwrite: true };
      const answer = await aws.ask(
        { ...name, expect: [FULL] },
        async (options) => await client.send(new sdk.PutParameterCommand(input), options),
      );
      if (answer.ok) return present(answer.value.Version, name, 'Version');
      throw fullOf(parameter, await history(parameter));
    },
    history,
    async namingImages() {
      const { sdk, client } = await load();
      const name = { action: 'ssm:DescribeParameters', subject: 'all parameters' };
      const all = await listOf(aws, { name, field: 'Parameters' }, (options) =>
        sdk.paginateDescribeParameters({ client, pageSize: 50 }, {}, options),
      );
      const plain = all
        .filter(({ Type }) => Type !== 'SecureString')
        .map(({ Name, Version, DataType }) => ({
          name: present(Name, name, 'Name'),
          version: Version ?? 0,
          isImage: DataType === 'aws:ec2:image',
        }));
      const news = plain.filter((one) => known.get(one.name)?.version !== one.version);
      for (const batch of batchesOf(news)) {
        const read = (await readMany(batch)) ?? (await inParallel(batch, readOne, { limit: 8 })).flat();
        for (const one of read) known.set(one.name, one);
      }
      return plain.flatMap((one) => {
        const images = known.get(one.name)?.images ?? [];
        return images.length === 0 ? [] : [{ name: one.name, images }];
      });
    },
  };
}

/** As many as SSM gives at once (GetParameters). */
const AT_ONCE = 10;

function batchesOf(all: readonly Wanted[]): readonly (readonly Wanted[])[] {
  return Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, batch) =>
    all.slice(batch * AT_ONCE, (batch + 1) * AT_ONCE),
  );
}

/** A parameter whose value is to be read. */
interface Wanted {
  readonly name: string;
  readonly version: number;
  /** SSM has checked that it names an image. */
  readonly isImage: boolean;
}

type Known = NamingParameter & Pick<Wanted, 'version'>;

/** The value of another parameter must not pass for this one's. Version or label can be part of what was asked; an ARN has the name in it. */
function requireAnswerOf(found: string | undefined, asked: string, name: AwsRequestName): void {
  if (found !== undefined && (asked.startsWith('arn:') || asked.split(':')[0] === found.split(':')[0]))
    return;
  const message = `${name.action} (${name.subject}) answered with parameter '${found ?? ''}'`;
  throw new WarmbakeError('outside', 'aws-incomplete', message);
}

/** The oldest version makes room for the newest, except where it carries a label. */
function fullOf(parameter: string, history: readonly PastParameter[]): WarmbakeError {
  const oldest = history.at(-1);
  const labels = oldest?.labels.join(', ') ?? '';
  return new WarmbakeError(
    'outside',
    'parameter-labelled',
    `${parameter} has ${history.length} versions, and version ${oldest?.version} cannot make room: it is labelled ${labels}`,
    { hint: 'remove that label, or move it to a newer version' },
  );
}
