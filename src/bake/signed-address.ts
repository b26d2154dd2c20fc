/** An address with a query, as it stands in words and in JSON; what follows it in the sentence is not a part of it. */
const ADDRESS = /(https?:\/\/[^\s"'?]+)\?([^\s"']*?)([\\:,.;)]*)(?=[\s"']|$)/g;

/** Query parameters that make an address good for whoever has it: S3 and CloudFront, Google, Azure, others. */
const SIGNED = /X-Amz-|X-Goog-|Signature=|(?:^|&|\\u0026)(?:sig|token|verify)=/i;

/**
 * A text without the signatures of addresses: registries send BuildKit to where they keep their layers by such ones, and when that
 * fails it quotes them.
 */
export function withoutSignatures(text: string): string {
  return text.replaceAll(ADDRESS, (whole, address: string, query: string, rest: string) =>
    SIGNED.test(query) ? `${address}?…${rest}` : whole,
  );
}
