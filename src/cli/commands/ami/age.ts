/** An age for people: `40 min`, `5.3 h`, `3.1 d`. */
export function ageText(milliseconds: number): string {
  const minutes = Math.max(0, milliseconds) / 60_000;
  if (minutes < 60) return `${Math.floor(minutes)} min`;
  return minutes < 48 * 60 ? `${(minutes / 60).toFixed(1)} h` : `${(minutes / 60 / 24).toFixed(1)} d`;
}

/** A moment for people, to the second: `2026-08-21T12:00:00Z`. */
export function utcText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
