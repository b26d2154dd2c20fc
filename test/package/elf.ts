/** What the tests read of an executable (ELF, 64 bit, little endian: elf(5)). */
export interface Elf {
  readonly machine: string;
  /** Digit behind the mark by which Node knows whether a program is inside. */
  readonly fuse: string | undefined;
  /** The program inside. */
  readonly program: Buffer;
}

const MACHINES: Readonly<Record<number, string>> = { 0x3e: 'x86-64', 0xb7: 'aarch64' };
const NOTE = 4;

/** Reads an executable as Node does when it looks for its program: in the notes of the segments. */
export function readElf(file: Buffer): Elf {
  if (file.readUInt32BE(0) !== 0x7f_45_4c_46) throw new Error('no ELF file');
  const table = Number(file.readBigUInt64LE(32));
  const [size, count] = [file.readUInt16LE(54), file.readUInt16LE(56)];
  const headers = Array.from({ length: count }, (_, i) =>
    file.subarray(table + i * size, table + (i + 1) * size),
  );
  const notes = headers
    .filter((header) => header.readUInt32LE(0) === NOTE)
    .flatMap((header) => {
      const offset = Number(header.readBigUInt64LE(8));
      return notesIn(file.subarray(offset, offset + Number(header.readBigUInt64LE(32))));
    });
  const fuse = /NODE_SEA_FUSE_[0-9a-f]{32}:(\d)/.exec(file.toString('latin1'))?.[1];
  const program = notes.find((note) => note.name === 'NODE_SEA_BLOB')?.content ?? Buffer.of();
  return { machine: MACHINES[file.readUInt16LE(18)] ?? 'another', fuse, program };
}

function notesIn(segment: Buffer): readonly { readonly name: string; readonly content: Buffer }[] {
  const notes = [];
  for (let at = 0; at + 12 <= segment.length;) {
    const [nameSize, contentSize] = [segment.readUInt32LE(at), segment.readUInt32LE(at + 4)];
    const content = at + 12 + aligned(nameSize);
    notes.push({
      name: segment.toString('latin1', at + 12, at + 12 + nameSize).replaceAll('\0', ''),
      content: segment.subarray(content, content + contentSize),
    });
    at = content + aligned(contentSize);
  }
  return notes;
}

function aligned(size: number): number {
  return Math.ceil(size / 4) * 4;
}
