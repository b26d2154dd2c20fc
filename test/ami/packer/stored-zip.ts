/** A zip archive with one file that is not compressed. */
export function storedZip(name: string, contents: Buffer): Buffer {
  const local = Buffer.alloc(30);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt32LE(contents.length, 20);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(30 + name.length + contents.length, 16);
  return Buffer.concat([local, Buffer.from(name), contents, central, Buffer.from(name), end]);
}
