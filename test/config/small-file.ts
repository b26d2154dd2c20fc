import { expect } from 'vitest';
import { type ParsedConfiguration, parseConfiguration } from '../../src/config/parse.ts';
import { problemLine } from '../../src/config/problem.ts';

/** A valid file to break. */
export const FILE = `repository: github.com/acme/app
images:
  registry: registry.example
  trusted: app
  untrusted: app-test
cache:
  registry: registry.example:5000/team
  trusted: cache
  untrusted: cache-test
  maxSources: 6
  alsoExport: []
bake:
  files: [docker-bake.hcl]
  variables: {}
  passthrough: []
  optional: []
targets:
  app:
    target: test
    lane: ""
    cache: {}
builder: {}
compat: {}
`;

/** Parses `text` as `w.yaml` of a repository in /repo. */
export function parse(text: string): ParsedConfiguration {
  return parseConfiguration(text, { file: 'w.yaml', root: '/repo' });
}

/** What is said about `text`, one line a problem, without the name of the file. */
export function said(text: string): readonly string[] {
  const parsed = parse(text);
  return parsed.ok ? [] : parsed.problems.map((problem) => problemLine(problem).replace(/^w\.yaml:/, ''));
}

/** The file with one part of it replaced; the part must be there. */
export function change(was: string, now: string): string {
  expect(FILE).toContain(was);
  return FILE.replace(was, () => now);
}
