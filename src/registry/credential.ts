/** How to be known to a registry. The values are secret: they go into headers and the private docker config, nowhere else. */
export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** A refresh token of the registry's token service; docker keeps it under `identitytoken`. */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** `because` says why there is no login where one could be expected. */
  | { readonly kind: 'anonymous'; readonly because?: string };

/** A credential and the end of its life in milliseconds since 1970; infinite where it is not known. */
export interface CredentialLease {
  readonly credential: Credential;
  readonly until: number;
}
