import { readRecords } from '../../../image-step/record-store.ts';
import type { PagePart } from '../../../platform/events.ts';
import type { Host } from '../../../platform/host.ts';
import { type TargetRates, hitRates } from '../../../sccache/hit-rates.ts';
import { AGES, type BucketInventory, type Volume, countObjects } from '../../../sccache/inventory.ts';
import { listStore } from '../../../sccache/listing.ts';
import { openS3 } from '../../../sccache/s3.ts';
import { CONFIG_OPTIONS, type CommandSpec, type Input, type CommandOutcome, never } from '../../command.ts';
import type { Loaded } from '../../loaded.ts';
import { linePart, tablePart } from '../../parts.ts';
import { loadSccache } from './settings.ts';

/** `warmbake sccache stats`: what lies in the store. */
export const sccacheStatsCommand: CommandSpec = {
  description:
    'List the store and count by prefix; with a state store also the hit rates of the builds it keeps. The listing is streamed: memory does not grow with the number of objects; a million of them are a thousand requests.',
  options: CONFIG_OPTIONS,
  examples: ['warmbake sccache stats', 'warmbake sccache stats --json'],
  changesShared: never,
  run,
};

/** A listing takes a while; this often it is told how far it is. */
const TELL_EVERY = 100_000;

async function run(host: Host, input: Input): Promise<CommandOutcome> {
  const loaded = await loadSccache(host, input);
  const { sccache } = loaded;
  const counter = countObjects(host.clock.now());
  const s3 = await openS3(host, sccache);
  try {
    let seen = 0;
    for await (const page of listStore(s3, sccache)) {
      for (const object of page) counter.add(object);
      const before = seen;
      seen += page.length;
      if (Math.floor(seen / TELL_EVERY) > Math.floor(before / TELL_EVERY)) {
        host.emit({ type: 'line', text: `${seen} objects so far` });
      }
    }
  } finally {
    s3.client.destroy();
  }
  const inventory = counter.total();
  const rates = await ratesOf(loaded);
  return {
    json: {
      bucket: sccache.bucket,
      ages: AGES.map(({ label }) => label),
      ...inventory,
      ...(rates === undefined ? {} : { builds: rates }),
    },
    page: [inventoryPart(inventory), ...rateParts(rates)],
  };
}

/** Hit rates of the stored builds, where a state store keeps their records. */
async function ratesOf({ host, state }: Loaded): Promise<readonly TargetRates[] | undefined> {
  if (state === undefined) return undefined;
  return await hitRates(readRecords(host, state));
}

function rateParts(rates: readonly TargetRates[] | undefined): readonly PagePart[] {
  if (rates === undefined || rates.length === 0) return [];
  const rows = rates.map(({ target, builds, states, hits, misses, hitRate }) => [
    target,
    String(builds),
    String(states['not-run'] ?? 0),
    String(hits),
    String(misses),
    hitRate === undefined ? '-' : `${(100 * hitRate).toFixed(1)} %`,
  ]);
  return [linePart(''), tablePart(['TARGET', 'BUILDS', 'NOT RUN', 'HITS', 'MISSES', 'HIT RATE'], rows)];
}

function inventoryPart(inventory: BucketInventory): PagePart {
  const head = ['PREFIX', 'OBJECTS', 'SIZE', ...AGES.map(({ label }) => label.toUpperCase())];
  const rows = inventory.prefixes.map(({ prefix, ages, ...all }) => [
    prefix === '' ? '(none)' : prefix,
    String(all.objects),
    size(all.bytes),
    ...ages.map((age) => share(age, all)),
  ]);
  const rest = inventory.rest.objects === 0 ? [] : [['(not sccache)', ...volume(inventory.rest)]];
  return tablePart(head, [...rows, ...rest, ['total', ...volume(inventory)]]);
}

function volume({ objects, bytes }: Volume): readonly string[] {
  return [String(objects), size(bytes)];
}

/** Share of the bytes. */
function share(part: Volume, whole: Volume): string {
  return part.objects === 0 ? '-' : `${Math.round((100 * part.bytes) / Math.max(1, whole.bytes))} %`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units, as S3 bills. */
function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power] ?? 'B'}`;
}
