/** What a printed target wants of this machine beyond building in a sandbox, as buildx would take it. */
export type Demand =
  /** A path, relative to the checkout or absolute. */
  | { readonly kind: 'path'; readonly path: string }
  /** As `--allow` of bake names it (`network.host`, `security.insecure`, `device=…`), and `ssh=ID`. */
  | { readonly kind: 'privilege'; readonly name: string }
  /** A variable of the environment; `onlyIfSet`: taken for a path where it is not set. */
  | { readonly kind: 'variable'; readonly name: string; readonly onlyIfSet?: boolean }
  /** A proxy of steps: BuildKit's name of a build argument in any case, and its value; absent where that is null. */
  | { readonly kind: 'proxy'; readonly name: string; readonly value?: string }
  /** What this version cannot judge. */
  | { readonly kind: 'unclear'; readonly because: string };

/** A demand of a path. */
export function pathDemand(path: string): Demand {
  return { kind: 'path', path };
}

/** A demand that this version cannot judge. */
export function unclear(because: string): Demand {
  return { kind: 'unclear', because };
}
