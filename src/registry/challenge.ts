/** How a registry wants to be asked; from `WWW-Authenticate` of its 401. */
export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer';
      /** The token service. */
      readonly realm: string;
      readonly service?: string | undefined;
      readonly scope?: string | undefined;
    };

const ITEM =
  /([A-Za-z]+)[ \t]+(?=[A-Za-z]+[ \t]*=)|([A-Za-z_-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/g;

/**
 * Reads the header (RFC 9110, 11.6.1); a registry may offer several schemes in one. Bearer is preferred because a token
 * is limited to one repository. `undefined` where none of ours is offered.
 */
export function readChallenge(header: string): Challenge | undefined {
  const offers = readOffers(header);
  const bearer = offers.get('bearer');
  const realm = bearer?.get('realm');
  if (bearer !== undefined && realm !== undefined) {
    return { scheme: 'bearer', realm, service: bearer.get('service'), scope: bearer.get('scope') };
  }
  return offers.has('basic') || /^basic$/i.test(header.trim()) ? { scheme: 'basic' } : undefined;
}

/** Parameters by scheme, both in lower case. */
function readOffers(header: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const offers = new Map<string, Map<string, string>>();
  let parameters = new Map<string, string>();
  for (const [, scheme, name, quoted, bare] of header.matchAll(ITEM)) {
    if (scheme !== undefined) {
      parameters = new Map();
      offers.set(scheme.toLowerCase(), parameters);
    } else if (name !== undefined) {
      parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '');
    }
  }
  return offers;
}
