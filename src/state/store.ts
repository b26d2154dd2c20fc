/** Small texts that several runs share. Every write is conditional: it replaces what the writer has read, nothing else. */
export interface StateStore {
  /** As it was configured, for messages. */
  readonly place: string;
  /** What stands under `key`. Throws `outside`. */
  read(key: string): Promise<StoredEntry | undefined>;
  /**
   * Writes `text` where `expected` is still the current version, or where nothing is, for `undefined`. The answer is the new
   * version; `undefined` where something else stands there now. Throws `outside`.
   */
  write(
    key: string,
    text: string,
    { expected }: { readonly expected: string | undefined },
  ): Promise<string | undefined>;
  /** Last words of the keys right below `folder` ('': of the store itself), sorted. Throws `outside`. */
  keys(folder: string): Promise<readonly string[]>;
}

/** A text and its version, which nobody but the store understands. */
export interface StoredEntry {
  readonly text: string;
  readonly version: string;
}
