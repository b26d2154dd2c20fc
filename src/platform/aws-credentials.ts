/** AWS credentials; secret, so never in a message or an event. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Absent for keys that do not end. */
  readonly expires?: Date;
}

/** Credentials, or one phrase that says why there are none. */
export type FoundCredentials =
  | { readonly state: 'found'; readonly credentials: AwsCredentials }
  | { readonly state: 'none'; readonly because: string };
