/** How durations are written everywhere: `120s`, `10m`, `48h`, `3d`. */
export const DURATION = /^\d+[smhd]$/;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** Milliseconds of a duration of the form `120s`, `10m`, `48h` or `3d`; NaN where the text is not one. */
export function milliseconds(duration: string): number {
  if (!DURATION.test(duration)) return Number.NaN;
  return Number.parseInt(duration, 10) * (UNIT_MS[duration.slice(-1)] ?? Number.NaN);
}
