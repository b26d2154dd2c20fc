/** `warmbake plan --json`, as far as tests read it; README, *Machine interface*. */
export interface PlanDocument {
  readonly schemaVersion: number;
  readonly context: Readonly<Record<string, unknown>>;
  readonly targets: readonly TargetDocument[];
  readonly builder: BuilderDocument;
  readonly import: ImportDocument;
  readonly definition: DefinitionDocument;
  readonly warnings: readonly WarningDocument[];
}

export interface TargetDocument {
  readonly name: string;
  readonly lane: string;
  readonly tags: readonly string[];
  readonly cacheFrom: readonly SourceDocument[];
  readonly cacheTo: readonly { readonly ref: string; readonly attributes: string }[];
  readonly promote: readonly {
    readonly what: 'image' | 'cache';
    readonly from: string;
    readonly to: string;
    readonly forwardOnly: boolean;
  }[];
  readonly skip: { readonly decision: 'build' | 'skip' | 'repair'; readonly because: string };
}

export interface SourceDocument {
  readonly role: string;
  readonly ref: string;
  readonly state: string;
  readonly because?: string;
}

export interface BuilderDocument {
  readonly action: 'use' | 'create';
  readonly name: string;
  readonly driver: string;
  readonly endpoint?: string;
}

/** What `docker buildx bake --print` prints. */
export interface DefinitionDocument {
  readonly target: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Where layers come from. */
export interface ImportDocument {
  readonly way: 'gateway' | 'registry' | 'single' | 'none';
  readonly because: string;
  readonly donors?: readonly string[];
  readonly leftOut?: readonly { readonly id: string; readonly because: string }[];
}

export interface WarningDocument {
  readonly code: string;
  readonly message: string;
}

/** `warmbake build --result`, as far as tests read it. */
export interface ResultDocument {
  readonly schemaVersion: number;
  readonly outcome: 'built' | 'skipped' | 'failed';
  readonly context: Readonly<Record<string, unknown>>;
  readonly builder: BuilderDocument;
  readonly import: ImportDocument;
  readonly planned: readonly TargetDocument[];
  readonly targets: readonly TargetResultDocument[];
  readonly warnings: readonly WarningDocument[];
  readonly error?: { readonly code: string; readonly message: string; readonly exitCode: number };
}

export interface TargetResultDocument {
  readonly name: string;
  readonly outcome: string;
  readonly decision: TargetDocument['skip'];
  readonly bakeExitCode?: number;
  readonly verified: readonly { readonly ref: string; readonly digest: string }[];
  readonly exported: readonly { readonly ref: string; readonly digest: string }[];
  readonly promoted: readonly { readonly ref: string; readonly action: string; readonly because: string }[];
  readonly failures: readonly { readonly class: string; readonly message: string }[];
  readonly record?: {
    readonly totals: Readonly<Record<'steps' | 'executed' | 'loaded' | 'pruned', number>>;
    readonly imports: readonly { readonly ref: string; readonly state: string }[];
    readonly steps: readonly { readonly name: string; readonly verdict: string }[];
  };
}
