/** Bucket and prefix of a state store in S3; the prefix without slashes at its ends, '' for the whole bucket. */
export interface S3StatePlace {
  readonly bucket: string;
  readonly prefix: string;
}

/** The place of a store that is written `s3://bucket[/prefix]`; `undefined` for a directory. */
export function parseStatePlace(place: string): S3StatePlace | undefined {
  const s3 = /^s3:\/\/([^/]+)(?:\/(.*?))?\/*$/.exec(place);
  if (s3 === null) return undefined;
  const [, bucket = '', prefix = ''] = s3;
  return { bucket, prefix };
}
