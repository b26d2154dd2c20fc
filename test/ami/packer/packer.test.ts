import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUILD_DEADLINE_MS } from '../../../src/ami/build/machine-image-build.ts';
import { imageInManifest } from '../../../src/ami/packer/manifest.ts';
import { isOlder, parseVersion, type Version } from '../../../src/ami/packer/version.ts';
import { leftoversToSweep, type Leftover } from '../../../src/ami/model/image-builder-ec2.ts';
import { zipEntry } from '../../../src/platform/zip-entry.ts';
import { HOUR } from '../family.ts';

const AMI = 'ami-0123456789abcdef0';
const build = (run: string, artifact: string) => ({
  name: 'cpu',
  packer_run_uuid: run,
  artifact_id: artifact,
  files: null,
});
const manifest = (...builds: readonly object[]): string => JSON.stringify({ builds, last_run_uuid: 'now' });

test.each([
  [
    'of the last run only',
    manifest(build('before', 'us-east-1:ami-00000000000000000'), build('now', `us-east-1:${AMI}`)),
    { image: AMI },
  ],
  [
    'of the right region',
    manifest(build('now', `eu-west-1:ami-00000000000000000,us-east-1:${AMI}`)),
    { image: AMI },
  ],
  [
    'but not when there are two',
    manifest(build('now', `us-east-1:${AMI}`), build('now', `us-east-1:${AMI}`)),
    { fault: `it names 2 images of us-east-1: us-east-1:${AMI}, us-east-1:${AMI}` },
  ],
  [
    'but not of another region',
    manifest(build('now', `eu-west-1:${AMI}`)),
    { fault: `it names 0 images of us-east-1: eu-west-1:${AMI}` },
  ],
  [
    'but not something else',
    manifest(build('now', 'us-east-1:null')),
    { fault: "'null' is not an image id" },
  ],
  ['but not from an empty file', '', { fault: "it is not a manifest of Packer's" }],
])("the image is taken from Packer's manifest, %s", (_, text, found) => {
  expect(imageInManifest(text, 'us-east-1')).toEqual(found);
});

test.each([
  ['Packer v1.6.6\n', [1, 6, 6]],
  ['Packer v1.11.2\n\nYour version of Packer is out of date! The latest version\nis 1.14.3.', [1, 11, 2]],
  ['', undefined],
  ['usage: packer [dict]', undefined],
])('%j is read as a version', (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});

test('versions have the order of their numbers', () => {
  const version = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20));
  const rank = ([a, b, c]: Version): number => (a * 100 + b) * 100 + c;
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(isOlder(a, b)).toBe(rank(a) < rank(b));
    }),
  );
});

/** A zip archive as Info-ZIP makes it: local headers with an extra field, then the directory. */
function zip(entries: readonly (readonly [name: string, contents: Buffer, method: 0 | 8])[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, contents, method] of entries) {
    const data = method === 8 ? deflateRawSync(contents) : contents;
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(name.length, 26);
    head.writeUInt16LE(4, 28);
    const local = Buffer.concat([head, Buffer.from(name), Buffer.alloc(4), data]);
    const directory = Buffer.alloc(46);
    directory.writeUInt32LE(0x02014b50, 0);
    directory.writeUInt16LE(method, 10);
    directory.writeUInt32LE(data.length, 20);
    directory.writeUInt16LE(name.length, 28);
    directory.writeUInt32LE(at, 42);
    central.push(directory, Buffer.from(name));
    locals.push(local);
    at += local.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...central, end]);
}

test('a file comes out of a zip archive as it went in', () => {
  const contents = fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(contents, contents, fc.constantFrom(0 as const, 8 as const), (other, wanted, method) => {
      const archive = zip([
        ['LICENSE.txt', other, 8],
        ['packer', wanted, method],
      ]);
      expect(Buffer.from(zipEntry(archive, 'packer') ?? [1]).equals(wanted)).toBe(true);
      expect(zipEntry(archive, 'packe')).toBeUndefined();
    }),
  );
  expect(zipEntry(Buffer.from('<html>'), 'packer')).toBeUndefined();
});

test('swept is what an earlier try of this run left, and what other runs left that must be over', () => {
  const now = new Date('2026-08-21T12:00:00Z');
  const trace = (run: string, hours?: number): Leftover => ({
    kind: 'instance',
    id: `i-${run}-${hours}`,
    run,
    ...(hours === undefined ? {} : { since: new Date(now.getTime() - hours * HOUR) }),
  });
  const left = [
    trace('mine', 0),
    trace('mine'),
    trace('killed-this-morning', 8),
    trace('killed-yesterday', 24),
  ];
  // Packer is ended at its deadline, and then takes its time for cleaning up.
  const longest = BUILD_DEADLINE_MS / HOUR + 0.5;
  const others = [trace('going-on', 1), trace('at-its-deadline', longest), trace('unknown')];
  expect(leftoversToSweep([...left, ...others], { run: 'mine', now })).toEqual(left);
});
