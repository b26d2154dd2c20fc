/** A user name and its password: HTTP Basic, and the `auth` of docker's configuration. */
export interface BasicLogin {
  readonly username: string;
  readonly password: string;
}

/** Base64 of `username:password`. */
export function encodeLogin({ username, password }: BasicLogin): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

/** Reads base64 of `username:password`; the password may hold colons. `undefined` where it is none. */
export function decodeLogin(base64: string): BasicLogin | undefined {
  const text = Buffer.from(base64, 'base64').toString();
  const colon = text.indexOf(':');
  return colon <= 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
