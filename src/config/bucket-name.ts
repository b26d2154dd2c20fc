/** Beginnings and ends that S3 keeps for itself (docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html). */
const RESERVED_START = ['xn--', 'sthree-', 'amzn-s3-demo-'];
const RESERVED_END = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3', '-an'];

/** Why S3 would not take `name` for a general purpose bucket; `undefined` where it would. */
export function bucketNameFault(name: string): string | undefined {
  if (name.length < 3 || name.length > 63) return `'${name}' has ${name.length} characters; S3 wants 3 to 63`;
  if (!/^[a-z0-9.-]+$/.test(name)) {
    return `'${name}' is not a bucket name; write lower-case letters, digits, '-' and '.'`;
  }
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name) || name.includes('..')) {
    return `'${name}' is not a bucket name; begin and end it with a letter or digit, and write no two dots together`;
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return `'${name}' looks like an IP address, which S3 refuses`;
  const reserved =
    RESERVED_START.find((start) => name.startsWith(start)) ?? RESERVED_END.find((end) => name.endsWith(end));
  return reserved === undefined ? undefined : `'${name}' has '${reserved}', which S3 keeps for itself`;
}
