import { EXIT_CODE, WarmbakeError, type ErrorKind } from '../../platform/errors.ts';

/** So many are told; all of them are in the JSON document. */
const TOLD = 8;

/** Several failures as one: of the kind with the highest exit code; absent where there are none. */
export function worstOf(what: string, errors: readonly WarmbakeError[]): WarmbakeError | undefined {
  const [worst] = errors.toSorted((a, b) => EXIT_CODE[b.kind] - EXIT_CODE[a.kind]);
  if (worst === undefined || errors.length === 1) return worst;
  const kind: ErrorKind = worst.kind;
  const told = errors.length > TOLD + 1 ? errors.slice(0, TOLD) : errors;
  const more = told.length < errors.length ? [`  and ${errors.length - told.length} more: see --json`] : [];
  const lines = [...told.map(textOf), ...more];
  return new WarmbakeError(kind, worst.code, `${errors.length} ${what} failed:\n${lines.join('\n')}`);
}

function textOf({ message, hint }: WarmbakeError): string {
  return `  ${message}${hint === undefined ? '' : ` (${hint})`}`;
}
