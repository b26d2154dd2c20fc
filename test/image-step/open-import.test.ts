import { expect, test } from 'vitest';
import { mergeCaches } from '../../src/cache/merge.ts';
import type { Gateway } from '../../src/delivery/gateway.ts';
import { throughGateway } from '../../src/image-step/open-import.ts';
import { digest, donorOf } from '../cache/merge/caches.ts';

const LAYER = digest('layer');
const config = (step: string) => ({
  layers: [{ blob: LAYER, parent: -1 }],
  records: [{ digest: digest(step), layers: [{ layer: 0, createdAt: '2026-08-01T00:00:00Z' }] }],
});

/** An import from two donors of one layer, and what the gateway was given instead of it. */
function opened() {
  const donors = [donorOf('main', config('main')), donorOf('own', config('own'))];
  const merged = mergeCaches(donors);
  if (merged === undefined) throw new Error('nothing merged');
  const replaced: unknown[] = [];
  const gateway: Gateway = {
    ref: `127.0.0.1:4242/${'a'.repeat(32)}/cache:merged`,
    reached: () => true,
    served: () => [],
    failures: () => [{ digest: merged.blobs.keys().next().value!, donor: 'own', because: 'gone' }],
    replace: (cache) => void replaced.push(cache),
    close: async () => await Promise.resolve(),
  };
  return { open: throughGateway(gateway, { donors, merged }), replaced };
}

const failedAt = (port: number): string =>
  `failed to do request: Get "https://127.0.0.1:${port}/v2/…/cache/blobs/${LAYER}": connection refused`;

test('after a failure at the gateway the next try is without the donor that is to blame', () => {
  const { open, replaced } = opened();
  expect(open.without({ message: failedAt(4242) })?.dropped).toEqual(['own']);
  expect(replaced).toHaveLength(1);
});

test('after a failure at the gateway of another build, whose step it was, no donor is to blame', () => {
  const { open, replaced } = opened();
  const next = open.without({ message: failedAt(5151) });
  expect(next).toMatchObject({ dropped: [], opened: { cacheFrom: open.cacheFrom } });
  expect(replaced).toEqual([]);
});
