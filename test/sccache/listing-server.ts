import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Running } from '../../parts/part.ts';

/** A bucket that exists only as its listing. */
export interface ListingServer {
  /** For `sccache.endpoint`. */
  readonly endpoint: string;
  /** Pages given so far. */
  readonly pages: () => number;
}

const PAGE = 1_000;
/** Two namespaces and some objects of nobody's. */
const PREFIXES = ['cpu', 'cuda/12', undefined] as const;

/** The object at `index`: key, bytes and age in days follow from it. */
export function objectAt(index: number): {
  readonly key: string;
  readonly bytes: number;
  readonly days: number;
} {
  const hash = createHash('sha256').update(String(index)).digest('hex');
  const prefix = PREFIXES[index % 10 === 0 ? 2 : index % 2];
  const key = prefix === undefined ? `notes/${hash}` : `${prefix}/${hash[0]}/${hash[1]}/${hash[2]}/${hash}`;
  return { key, bytes: 1_000 + (index % 100), days: index % 120 };
}

function writePage(
  response: ServerResponse,
  from: number,
  about: { readonly count: number; readonly now: Date },
): void {
  const to = Math.min(about.count, from + PAGE);
  const entries: string[] = [];
  for (let index = from; index < to; index += 1) {
    const { key, bytes, days } = objectAt(index);
    const written = new Date(about.now.getTime() - days * 86_400_000 - 3_600_000).toISOString();
    entries.push(
      `<Contents><Key>${key}</Key><LastModified>${written}</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>${bytes}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
    );
  }
  const next = to < about.count ? `<NextContinuationToken>${to}</NextContinuationToken>` : '';
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>store</Name><KeyCount>${to - from}</KeyCount><MaxKeys>${PAGE}</MaxKeys><IsTruncated>${to < about.count}</IsTruncated>${next}${entries.join('')}</ListBucketResult>`,
  );
}

/** Starts a server that lists `count` objects, made up page by page, as of `now`. */
export async function startListing(count: number, now: Date): Promise<ListingServer & Running> {
  let pages = 0;
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    pages += 1;
    writePage(response, Number(searchParams.get('continuation-token') ?? '0'), { count, now });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages: () => pages,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
