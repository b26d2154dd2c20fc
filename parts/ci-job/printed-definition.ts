/** What `docker buildx bake --print` prints, as far as tests read it: buildx's own document. */
export interface PrintedDefinition {
  readonly target: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
