import type { Settings } from '../config/settings.ts';
import type { Warning } from '../platform/events.ts';

/** The same settings with sccache off, for a build that is told to do without: its compile layer gets another key. */
export function withoutSccache(settings: Settings): Settings {
  const { sccache } = settings;
  return sccache === undefined ? settings : { ...settings, sccache: { ...sccache, enabled: false } };
}

/** What such a build must hear. */
export const SWITCHED_OFF: Warning = {
  code: 'sccache-switched-off',
  message: 'sccache is off for this build: its compile layer has a key of its own and is shared with nobody',
};
