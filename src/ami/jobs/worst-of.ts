import { EXIT_CODE, WarmbakeError, type ErrorKind } from '../../platform/errors.ts';

/** Several failures as one: of the kind with the highest exit code; absent where there are none. */
export function worstOf(what: string, errors: readonly WarmbakeError[]): WarmbakeError | undefined {
  const [worst] = errors.toSorted((a, b) => EXIT_CODE[b.kind] - EXIT_CODE[a.kind]);
  if (worst === undefined || errors.length === 1) return worst;
  const kind: ErrorKind = worst.kind;
  return new WarmbakeError(
    kind,
    worst.code,
    `${errors.length} ${what} failed:\n${errors.map(textOf).join('\n')}`,
  );
}

function textOf({ message, hint }: WarmbakeError): string {
  return `  ${message}${hint === undefined ? '' : ` (${hint})`}`;
}
