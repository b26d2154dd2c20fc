import type { PagePart } from '../platform/events.ts';
import { CHECKS } from './checks.ts';
import { type DoctorDocument } from './doctor-schema.ts';
import { type DoctorFinding, type Examination, countsOf } from './finding.ts';

/** What was found, as JSON. */
export function doctorDocument(findings: readonly DoctorFinding[]): DoctorDocument {
  const counts = countsOf(findings);
  return { outcome: counts.failed > 0 ? 'failed' : 'ok', counts, checks: findings };
}

/** What was found, a line a check; below what is not fine, what to do. The last line says it all. */
export function doctorPage({ findings, repositories }: Examination): readonly PagePart[] {
  const chapters = [...new Set(findings.map(({ check }) => CHECKS[check]))];
  return [
    { type: 'repositories', names: repositories },
    {
      type: 'table',
      head: ['CHECK', 'STATE', 'FOUND'],
      rows: chapters.flatMap((chapter) =>
        findings.filter(({ check }) => CHECKS[check] === chapter).flatMap(rowsOf),
      ),
    },
    { type: 'line', text: '' },
    { type: 'line', text: closing(findings) },
  ];
}

function rowsOf(finding: DoctorFinding): readonly (readonly string[])[] {
  const { check, state, text } = finding;
  const line = [check, state === 'failed' ? 'FAILED' : state, text];
  return 'fix' in finding ? [line, ['', '', `→ ${finding.fix}`]] : [line];
}

function closing(findings: readonly DoctorFinding[]): string {
  const { ok, warning, failed, skipped } = countsOf(findings);
  const named = (state: DoctorFinding['state']) =>
    [...new Set(findings.filter((one) => one.state === state).map(({ check }) => check))].join(', ');
  const rest = [
    `${ok} fine`,
    ...(warning === 0 ? [] : [`${warning} to look at (${named('warning')})`]),
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
  ].join(', ');
  return failed === 0
    ? `this machine can do what is planned: ${rest}`
    : `${failed} of what is planned will fail: ${named('failed')}; ${rest}`;
}
