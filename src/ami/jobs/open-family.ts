import type { FamilySettings } from '../../config/families.ts';
import type { Host } from '../../platform/host.ts';
import { openStore } from '../../state/open-store.ts';
import type { StateStore } from '../../state/store.ts';
import { openAccount } from '../aws/account.ts';
import type { Account } from '../model/account.ts';

/** What a job about machine images works on. */
export interface OpenFamily {
  readonly family: FamilySettings;
  readonly account: Account;
  /** The family's part of the state store; absent where none is configured. */
  readonly store?: StateStore;
}

/** Opens the account of the caller's credentials in the family's region, and the state store; asks nobody yet. */
export function openFamilyAccount(
  host: Pick<Host, 'fetch' | 'http' | 'signal' | 'cwd'> & Partial<Pick<Host, 'clock' | 'emit'>>,
  family: FamilySettings,
  /** `s3://bucket[/prefix]` or a directory; absent where there is none. */
  { state }: { readonly state?: string | undefined },
): OpenFamily {
  const { region } = family;
  const area = { kind: 'machine-image', family: family.key } as const;
  const store = state === undefined ? {} : { store: openStore(host, state, { region, area }) };
  return { family, account: openAccount(host, region), ...store };
}
