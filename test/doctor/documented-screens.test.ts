import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT } from '../../parts/project.ts';
import { doctorDocument, doctorPage } from '../../src/doctor/doctor-page.ts';
import { doctorSchema } from '../../src/doctor/doctor-schema.ts';
import { painted } from '../ami/painted.ts';

/**
 * Recorded on a machine that is fine and on one that is not. Changed by hand since: names, places, what git and the registry say in their own
 * words; the line of Buildkite's agent is added. Only the drawing is the program's as it stands.
 */
const RECORDED = path.join(PROJECT, 'test/fixtures/doctor');

test.each(['healthy', 'broken'])('the %s screen in operations is what the program prints', async (name) => {
  const checks: unknown = JSON.parse(await readFile(path.join(RECORDED, `${name}.json`), 'utf8'));
  const document = {
    schemaVersion: 1,
    outcome: 'ok',
    counts: { ok: 0, warning: 0, failed: 0, skipped: 0 },
    checks,
  };
  const findings = doctorSchema.parse(document).checks.map((one) => {
    const { check, state, text, fix = '' } = one;
    return state === 'ok' || state === 'skipped' ? { check, state, text } : { check, state, text, fix };
  });
  expect(doctorDocument(findings).checks).toEqual(checks);
  const named = JSON.stringify(findings).matchAll(/registry\.example\.com\/acme\/[a-z-]+/g);
  const repositories = [...new Set([...named].map(([repository]) => repository))];
  const page = await readFile(path.join(PROJECT, 'docs/operations.md'), 'utf8');
  expect(page).toContain(
    `$ warmbake doctor\n${painted(doctorPage({ findings, repositories }), 80).join('\n')}\n`,
  );
});
