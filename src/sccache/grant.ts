import type { SccacheSettings } from '../config/settings.ts';
import type { StoreAccessKind } from './policy.ts';

/** A session of a role, of this trust alone, for the store alone. */
export interface SessionGrant {
  readonly kind: 'session';
  readonly role: string;
  readonly access: StoreAccessKind;
}

/** What the RUN steps of a build get for the store. Whoever wrote a step can read it and send it away. */
export type CredentialGrant =
  | SessionGrant
  /** The job's own, with all its rights. */
  | { readonly kind: 'job' }
  /** Nothing: there is no role for it, and the job's own are not for whoever opens a pull request. */
  | { readonly kind: 'withheld' };

/**
 * Decides by trust. The job's own credentials reach steps of the trusted branch where no role is configured, and those of others only
 * where the configuration says `credentials: job`.
 */
export function decideGrant(
  { credentials, assume }: Pick<SccacheSettings, 'credentials' | 'assume'>,
  { trusted }: { readonly trusted: boolean },
): CredentialGrant {
  if (credentials === 'job') return { kind: 'job' };
  const role = trusted ? assume.trusted : assume.untrusted;
  if (role !== undefined) return { kind: 'session', role, access: trusted ? 'read-write' : 'read-only' };
  return trusted ? { kind: 'job' } : { kind: 'withheld' };
}
