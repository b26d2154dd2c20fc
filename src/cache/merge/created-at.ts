/** Orders two RFC 3339 times by the moment they mean; Go writes nanoseconds, which `Date` would cut off. */
export function compareCreatedAt(one: string, other: string): number {
  return (
    Date.parse(seconds(one)) - Date.parse(seconds(other)) || compareDigits(fraction(one), fraction(other))
  );
}

/** Of the same place each. By hand: the first comparison by a language's rules loads them all, ten milliseconds of each build. */
function compareDigits(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function seconds(time: string): string {
  return time.replace(/\.\d+/, '');
}

function fraction(time: string): string {
  return (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0');
}
