import type { Markdown } from './markdown.ts';

/** How an annotation looks. */
export type AnnotationStyle = 'info' | 'success' | 'warning' | 'error';

/** A value for later steps: its name in small letters with `-`, and its text, of one line or several. */
export type Output = readonly [name: string, text: string];

/** What a job tells the CI that runs it, besides its log. What fails is a warning, because no report may decide a build. */
export interface CiReport {
  /** What an annotation does to the one before it of the same context; `nowhere`: there is no page that would show any. */
  readonly annotations: 'replace' | 'follow' | 'nowhere';
  /** Puts `markdown` on the page of the build. `false` where that failed, which is told. */
  annotate(context: string, style: AnnotationStyle, markdown: Markdown): Promise<boolean>;
  /** Uploads `file` under its bare name: the artifact's path is a contract with those who download it. Buildkite only. */
  uploadArtifact(file: string): Promise<void>;
  /** Gives values to later steps of the job. GitHub only; nothing for Buildkite, whose meta-data are the whole build's. */
  setOutputs(outputs: readonly Output[]): Promise<void>;
}
