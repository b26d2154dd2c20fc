import { inflateRawSync } from 'node:zlib';

/** Signatures of the zip format (PKWARE's APPNOTE.TXT, 4.3). */
const END = 0x06054b50;
const CENTRAL = 0x02014b50;
/** Most that is unpacked, in bytes: an archive of kilobytes can hold any number of zeros. */
const LARGEST = 1 << 30;

/**
 * The contents of one file in a zip archive of less than 4 GiB; `undefined` where there is none of that name, or the archive is
 * none. Node has no reader for zip, and `unzip` is not everywhere. Checksums are the caller's. Throws where it unpacks to more than 1 GiB.
 */
export function zipEntry(archive: Uint8Array, name: string): Uint8Array | undefined {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = bytes.lastIndexOf(signature(END));
  if (end < 0) return undefined;
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL) return undefined;
    const nameLength = bytes.readUInt16LE(at + 28);
    if (bytes.toString('utf8', at + 46, at + 46 + nameLength) === name) return contents(bytes, at);
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return undefined;
}

function contents(bytes: Buffer, central: number): Uint8Array | undefined {
  const method = bytes.readUInt16LE(central + 10);
  const size = bytes.readUInt32LE(central + 20);
  const local = bytes.readUInt32LE(central + 42);
  // The local header has name and extra fields of its own lengths.
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const stored = bytes.subarray(start, start + size);
  if (method === 0) return stored;
  return method === 8 ? inflateRawSync(stored, { maxOutputLength: LARGEST }) : undefined;
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
