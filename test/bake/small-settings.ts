import { parseConfiguration } from '../../src/config/parse.ts';
import type { Settings } from '../../src/config/settings.ts';

/** A configuration with two targets of different lanes, as small as it can be. */
export const SMALL = `
repository: example.com/team/app
images: { registry: 127.0.0.1:1, trusted: app/images-main, untrusted: app/images-test }
cache: { registry: 127.0.0.1:1, trusted: app/cache-main, untrusted: app/cache-test }
bake:
  files: [docker-bake.hcl]
  variables: { COMMIT: "\${commit}" }
  perCommit: [COMMIT]
targets:
  app: { inherits: [base], target: test }
  app-arm: { inherits: [base], lane: arm64, cache: { mode: min, compression: gzip } }
`;

/** The settings that a configuration text stands for; throws its problems. */
export function settingsOf(text: string = SMALL, root = '/repo'): Settings {
  const parsed = parseConfiguration(text, { file: 'warmbake.yaml', root });
  if (parsed.ok) return parsed.settings;
  throw new Error(parsed.problems.map((p) => `${p.path}: ${p.message}`).join('\n'));
}
