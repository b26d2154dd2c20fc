import { expect } from 'vitest';
import type { SccacheSettings, Settings } from '../../src/config/settings.ts';
import { FILE, parse, said } from '../config/small-file.ts';

/** A whole file with such a section. */
export function configurationOf(written: Readonly<Record<string, unknown>>): string {
  const all = { enabled: true, bucket: 'store', region: 'us-west-2', ...written };
  return `${FILE}sccache: ${JSON.stringify(all)}\n`;
}

/** Settings of a file with this `sccache` section, on top of a small one that is switched on. */
export function fullSettingsOf(written: Readonly<Record<string, unknown>> = {}): Settings {
  const parsed = parse(configurationOf(written));
  expect(parsed).toMatchObject({ ok: true });
  return parsed.ok ? parsed.settings : expect.unreachable();
}

export function settingsOf(written: Readonly<Record<string, unknown>> = {}): SccacheSettings {
  return fullSettingsOf(written).sccache ?? expect.unreachable();
}

/** What is said about such a section, without places. */
export function problemsOf(written: Readonly<Record<string, unknown>>): readonly string[] {
  return said(configurationOf(written)).map((line) => line.replace(/^\d+:\d+ /, ''));
}
