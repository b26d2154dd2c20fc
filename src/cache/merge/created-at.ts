/** Orders two RFC 3339 times by the moment they mean; Go writes nanoseconds, which `Date` would cut off. */
export function compareCreatedAt(one: string, other: string): number {
  return (
    Date.parse(seconds(one)) - Date.parse(seconds(other)) ||
    fraction(one).localeCompare(fraction(other), 'en')
  );
}

function seconds(time: string): string {
  return time.replace(/\.\d+/, '');
}

function fraction(time: string): string {
  return (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0');
}
