import {
  CreateLaunchTemplateVersionCommand,
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import type { RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Moto } from './server.ts';
import type { Running } from '../part.ts';
import { clientOf } from './client.ts';
import { tagSnapshots, withoutSnapshotTags } from './create-image.ts';

/** A request to AWS as it came over the wire. */
export interface AwsCall {
  /** IAM action: `ec2:DescribeImages`. */
  readonly action: string;
  readonly body: string;
}

/** An answer in moto's place. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Stands before moto: writes down what is asked, corrects what moto gets wrong, answers in its place. */
export interface Front {
  /** For AWS_ENDPOINT_URL. */
  readonly url: string;
  readonly calls: AwsCall[];
  /** Looks at each request first; an answer keeps it from moto. */
  intercept: (call: AwsCall) => Answer | undefined | Promise<Answer | undefined>;
  /** Called when moto has done it and nobody has heard yet. */
  done: (call: AwsCall) => void | Promise<void>;
}

/** Starts a {@link Front} on a free port of the loopback. */
export async function startFront(moto: Moto): Promise<Front & Running> {
  const versions = new Map<string, Promise<Answer>>();
  const front = {
    url: '',
    calls: [] as AwsCall[],
    intercept: (() => undefined) as Front['intercept'],
    done: (() => undefined) as Front['done'],
  };
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const body = await textOf(request);
    const call = { action: actionOf(request, body), body };
    front.calls.push(call);
    const instead = await front.intercept(call);
    if (instead !== undefined) return instead;
    const answered = await forward(request, call);
    await front.done(call);
    return answered;
  };
  const forward = async (request: IncomingMessage, call: AwsCall): Promise<Answer> => {
    const { body } = call;
    const form = new URLSearchParams(body);
    if (call.action === 'ec2:CreateLaunchTemplateVersion')
      return await createVersionOnce(moto, form, versions);
    if (call.action === 'ec2:EnableImageDeprecation') return DEPRECATED;
    if (call.action === 'autoscaling:DescribeInstanceRefreshes') return NO_REFRESHES;
    // moto has no snapshots that are tagged with their image.
    const sent = call.action === 'ec2:CreateImage' ? withoutSnapshotTags(body) : { body, snapshotTags: [] };
    const response = await fetch(`${moto.url}${request.url ?? ''}`, {
      method: request.method ?? 'POST',
      headers: headersOf(request),
      body: sent.body,
    });
    const answered = { status: response.status, body: await response.text() };
    const isDrain = call.action === 'autoscaling:TerminateInstanceInAutoScalingGroup';
    if (isDrain && answered.status === 500) return OF_NO_GROUP;
    if (response.ok) await tagSnapshots(moto, answered.body, sent.snapshotTags);
    return answered;
  };
  const server = createServer((request, response) => {
    const reply = async (): Promise<void> => {
      const { status, body } = await answer(request);
      response.writeHead(status, {
        'content-type': body.startsWith('{') ? 'application/x-amz-json-1.1' : 'text/xml',
      });
      response.end(body);
    };
    reply().catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  front.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(front, { stop });
}

/** moto does not know the request at all. */
const DEPRECATED: Answer = {
  status: 200,
  body: '<EnableImageDeprecationResponse><return>true</return></EnableImageDeprecationResponse>',
};

/** Nor this one: no group of it is being refreshed. */
const NO_REFRESHES: Answer = {
  status: 200,
  body:
    '<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult><InstanceRefreshes/>' +
    '</DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>',
};

/** moto falls over an instance that is none of a group's; Auto Scaling says so. */
const OF_NO_GROUP: Answer = {
  status: 400,
  body:
    '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>' +
    '<Message>Instance Id not found - No managed instance found for that ID</Message></Error></ErrorResponse>',
};

/** What moto leaves out of the client token: two requests with one token make one version, also at the same moment. */
async function createVersionOnce(
  moto: Moto,
  form: URLSearchParams,
  versions: Map<string, Promise<Answer>>,
): Promise<Answer> {
  const token = form.get('ClientToken') ?? '';
  const made = versions.get(token) ?? createVersion(moto, form);
  versions.set(token, made);
  // What failed has made nothing.
  made.catch(() => versions.delete(token));
  return await made;
}

/** What moto leaves out of a version: data inherited from the source version. */
async function createVersion(moto: Moto, form: URLSearchParams): Promise<Answer> {
  let body = '';
  const listening = async (...request: Parameters<typeof fetch>) => {
    const response = await fetch(...request);
    body = await response.clone().text();
    return response;
  };
  const ec2 = new EC2Client(clientOf(moto.url, listening));
  const LaunchTemplateId = form.get('LaunchTemplateId') ?? '';
  const source = await ec2.send(
    new DescribeLaunchTemplateVersionsCommand({
      LaunchTemplateId,
      Versions: [form.get('SourceVersion') ?? ''],
    }),
  );
  const inherited = source.LaunchTemplateVersions?.[0]?.LaunchTemplateData as RequestLaunchTemplateData;
  await ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateId,
      VersionDescription: form.get('VersionDescription') ?? '',
      LaunchTemplateData: {
        ...inherited,
        ...sentDevices(form),
        ImageId: form.get('LaunchTemplateData.ImageId') ?? '',
      },
    }),
  );
  return { status: 200, body };
}

/** Block devices that were sent stand in the place of all of the source's. */
function sentDevices(form: URLSearchParams): Pick<RequestLaunchTemplateData, 'BlockDeviceMappings'> {
  const devices = new Map<string, Record<string, string | number | boolean>>();
  const names = new Map<string, string>();
  for (const [key, value] of form) {
    const [, number = '', member = ''] =
      /^LaunchTemplateData\.BlockDeviceMapping\.(\d+)\.(.+)$/.exec(key) ?? [];
    if (member === 'DeviceName') names.set(number, value);
    if (!member.startsWith('Ebs.')) continue;
    const typed = /^\d+$/.test(value)
      ? Number(value)
      : /^(?:true|false)$/.test(value)
        ? value === 'true'
        : value;
    devices.set(number, { ...devices.get(number), [member.slice('Ebs.'.length)]: typed });
  }
  if (names.size === 0) return {};
  return {
    BlockDeviceMappings: [...names].map(([number, DeviceName]) => ({ DeviceName, Ebs: devices.get(number) })),
  };
}

function actionOf(request: IncomingMessage, body: string): string {
  const scope =
    /Credential=[^/]+\/\d+\/[^/]+\/([\w-]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const target = request.headers['x-amz-target'];
  const action = typeof target === 'string' ? target.split('.')[1] : new URLSearchParams(body).get('Action');
  return `${scope}:${action ?? ''}`;
}

/** The length is counted anew, the connection is another one. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const skipped = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect']);
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      skipped.has(name) || typeof value !== 'string' ? [] : [[name, value]],
    ),
  );
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
