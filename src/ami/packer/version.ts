/** Major, minor, patch. */
export type Version = readonly [number, number, number];

/** The version in what `packer version` prints: `Packer v1.6.6`; `undefined` where it is something else's output. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^Packer v(\d+)\.(\d+)\.(\d+)/m.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

/** Whether `a` comes before `b`. */
export function isOlder(a: Version, b: Version): boolean {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

/** `1.6.6` */
export function versionText(version: Version): string {
  return version.join('.');
}
