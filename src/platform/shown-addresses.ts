/** What stands between scheme and host: to the last `@` before the path. A path that was made of an address has one slash. Other schemes have digests there (`docker-image://name@sha256:…`). */
const USER = /\b(https?|ftps?|ssh|git|git\+[a-z]+|svn|s3|tcp|socks[45][ah]?)(:\/{1,2})([^\s/?#"']*)@/gi;

/** A user's name alone is no secret where keys are asked for; elsewhere it can be a token. */
const BY_KEY = /^(?:ssh|git\+ssh)$/i;

/** An address as it stands in words and in JSON. */
const ADDRESS = /https?:\/\/[^\s"']+/g;

/** What follows an address in the sentence is not a part of it. */
const AFTER_ADDRESS = '\\:,.;)';

/** Query parameters that make an address good for whoever has it: S3 and CloudFront, Google, Azure, others. */
const SIGNED = /X-Amz-|X-Goog-|Signature=|(?:^|&|\\u0026)(?:sig|token|verify)=/i;

/**
 * A text whose addresses are good for nobody: without users and passwords, and without signatures. Registries send BuildKit to where
 * they keep their layers by signed ones, clone URLs hold tokens, and when something fails both are quoted. A second time changes nothing.
 */
export function shownAddresses(text: string): string {
  return text
    .replaceAll(USER, (whole, scheme: string, slashes: string, user: string) =>
      user === '…' || (BY_KEY.test(scheme) && !user.includes(':')) ? whole : `${scheme}${slashes}…@`,
    )
    .replaceAll(ADDRESS, withoutSignature);
}

function withoutSignature(text: string): string {
  const query = text.indexOf('?') + 1;
  if (query === 0 || !SIGNED.test(text.slice(query))) return text;
  let end = text.length;
  while (end > query && AFTER_ADDRESS.includes(text.charAt(end - 1))) end -= 1;
  return `${text.slice(0, query)}…${text.slice(end)}`;
}

/** An address without its user, so that it still leads there. */
export function withoutUser(address: string): string {
  return address.replace(USER, '$1$2');
}
