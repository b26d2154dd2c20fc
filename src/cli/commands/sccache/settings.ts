import type { SccacheSettings } from '../../../config/settings.ts';
import { WarmbakeError } from '../../../platform/errors.ts';
import type { Host } from '../../../platform/host.ts';
import type { Input } from '../../command.ts';
import { type Loaded, loadConfiguration } from '../../loaded.ts';

/** The configuration of a command that is about sccache. Throws `config` where the file says nothing of it. */
export async function loadSccache(
  host: Host,
  input: Input,
): Promise<Loaded & { readonly sccache: SccacheSettings }> {
  const loaded = await loadConfiguration(host, input);
  const { sccache } = loaded.settings;
  if (sccache !== undefined) return { ...loaded, sccache };
  throw new WarmbakeError('config', 'sccache-not-configured', `${loaded.file} has no section 'sccache'`, {
    hint: 'add one with enabled, bucket and region',
  });
}
