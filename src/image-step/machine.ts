import { readFile } from 'node:fs/promises';
import type { Host } from '../platform/host.ts';
import { within } from '../platform/time-limit.ts';
import { onEc2 } from './on-ec2.ts';

/** The machine that builds, for the first lines of the log: half of all slow builds are explained here. */
export interface Machine {
  /** From the EC2 metadata service; absent off EC2. */
  readonly instance?: { readonly type: string; readonly zone: string; readonly image: string };
  /** From the marker file of a warm machine image: its `KEY=VALUE` lines. */
  readonly marker?: Readonly<Record<string, string>>;
}

/** Time for all questions to the metadata service together, in milliseconds. */
const METADATA_MS = 1_000;

/** Reads metadata and marker file; never fails and never takes longer than a second. */
export async function readMachine(host: Host, markerFile: string): Promise<Machine> {
  const [instance, marker] = await Promise.all([readInstance(host), readMarker(markerFile)]);
  return { ...(instance === undefined ? {} : { instance }), ...(marker === undefined ? {} : { marker }) };
}

/** Metadata service version 2, asked on EC2 and where one is named; `AWS_EC2_METADATA_DISABLED` and `…_SERVICE_ENDPOINT` mean what they mean to the SDKs. */
async function readInstance(host: Host): Promise<Machine['instance']> {
  if (host.env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') return undefined;
  const named = host.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'];
  if (named === undefined && !(await onEc2())) return undefined;
  const endpoint = named ?? 'http://169.254.169.254';
  try {
    return await within(METADATA_MS, async (signal) => await askInstance(endpoint, signal), host);
  } catch {
    return undefined;
  }
}

async function askInstance(endpoint: string, signal: AbortSignal): Promise<NonNullable<Machine['instance']>> {
  // The service is link-local: never through a proxy, so not through `host.fetch`.
  const ask = async (path: string, init: RequestInit): Promise<string> => {
    const response = await fetch(new URL(`/latest/${path}`, endpoint), { ...init, signal });
    return response.ok ? (await response.text()).trim() : Promise.reject(new Error(String(response.status)));
  };
  const token = await ask('api/token', {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  });
  const headers = { 'x-aws-ec2-metadata-token': token };
  const [type, zone, image] = await Promise.all(
    ['instance-type', 'placement/availability-zone', 'ami-id'].map((key) =>
      ask(`meta-data/${key}`, { headers }),
    ),
  );
  return { type: type ?? '', zone: zone ?? '', image: image ?? '' };
}

async function readMarker(file: string): Promise<Machine['marker']> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const pairs = text.split('\n').flatMap((line) => {
    const equals = line.indexOf('=');
    return equals > 0 ? [[line.slice(0, equals).trim(), line.slice(equals + 1).trim()] as const] : [];
  });
  return Object.fromEntries(pairs);
}

/** The lines that the log begins with. */
export function machineLines(machine: Machine, now: Date): readonly string[] {
  const { instance, marker } = machine;
  const on =
    instance === undefined ? 'not on EC2' : `${instance.type} in ${instance.zone}, image ${instance.image}`;
  return [
    `machine  ${on}`,
    `store    ${marker === undefined ? 'cold (no marker file)' : warmth(marker, now)}`,
  ];
}

/** Names as the marker file has them: `AMI_BUILD_TIME` (older scripts write only this), `AMI_COMMIT`. */
function warmth(marker: Readonly<Record<string, string>>, now: Date): string {
  const commit = marker['AMI_COMMIT'];
  const built = Date.parse(marker['AMI_BUILD_TIME'] ?? '');
  return [
    'warm',
    ...(commit === undefined ? [] : [`commit ${commit.slice(0, 12)}`]),
    ...(Number.isNaN(built) ? [] : [`${age(now.getTime() - built)} old`]),
  ].join(', ');
}

function age(milliseconds: number): string {
  const hours = Math.max(0, milliseconds) / 3_600_000;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`;
}
