import { readDocument } from './document.ts';
import { explainIssues } from './explain.ts';
import { familiesOf } from './families.ts';
import type { FamilySettings } from './families.ts';
import { normalise } from './normalise.ts';
import { pathText } from './problem.ts';
import type { Problem } from './problem.ts';
import { breaches } from './rules.ts';
import { configuration } from './schema.ts';
import type { Settings } from './settings.ts';

/** What a file without mistakes says. */
export interface ReadConfiguration {
  readonly settings: Settings;
  /** Families of machine images, in the order of the file. */
  readonly families: readonly FamilySettings[];
  /** State store as written: `s3://bucket/prefix` or a directory. */
  readonly state?: string;
}

/** The configuration, or everything that is wrong with the file in the order of its lines. */
export type ParsedConfiguration =
  | ({ readonly ok: true } & ReadConfiguration)
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Where the text comes from and what it is about. */
export interface ConfigurationOrigin {
  /** Name of the file in messages. */
  readonly file: string;
  /** Directory that paths in the file are relative to. */
  readonly root: string;
}

/** Reads `warmbake.yaml`. Never throws: problems with text, shape and meaning come back together. */
export function parseConfiguration(text: string, { file, root }: ConfigurationOrigin): ParsedConfiguration {
  const document = readDocument(text);
  const faults = document.faults.map((fault) => ({ file, path: '', ...fault }));
  if (document.state === 'broken') return { ok: false, problems: faults };

  const { value, locate } = document;
  const parsed = configuration.safeParse(value, { reportInput: true });
  const findings = [...(parsed.success ? [] : explainIssues(parsed.error.issues)), ...breaches(value)];
  if (parsed.success && findings.length === 0 && faults.length === 0) {
    const { ami, state } = parsed.data;
    return {
      ok: true,
      settings: normalise(parsed.data, root),
      families: familiesOf(ami),
      ...(state === undefined ? {} : { state }),
    };
  }
  const found = findings.map(({ path, message, atKey }): Problem => {
    const { line, column } = locate(path, atKey === true);
    return { file, line, column, path: pathText(path), message };
  });
  return {
    ok: false,
    problems: [...faults, ...found].sort((a, b) => a.line - b.line || a.column - b.column),
  };
}
