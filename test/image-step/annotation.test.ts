import { expect, it } from 'vitest';
import { markdownText } from '../../src/ci/report/markdown.ts';
import { annotationOf } from '../../src/image-step/result.ts';
import { readSwitches } from '../../src/image-step/switches.ts';
import { VERSION } from '../../src/platform/version.ts';

const skipped = {
  name: 'app',
  outcome: 'skipped',
  decision: { decision: 'skip', because: 'it exists' },
  seconds: 0,
  verified: [],
  exported: [],
  promoted: [],
  failures: [],
} as const;

it.each([
  [0, '- **app** skipped: it exists\n'],
  [1, '- **app** skipped: it exists\n\nWarnings\n\n- c: 1\n'],
  [
    7,
    '- **app** skipped: it exists\n\nWarnings\n\n- c: 1\n- c: 2\n- c: 3\n- c: 4\n- c: 5\n- and 2 more in the log\n',
  ],
])(
  'a build with %i warnings is annotated with a bullet a target, and five warnings at most',
  (count, text) => {
    const warnings = Array.from({ length: count }, (_, i) => ({ code: 'c', message: String(i + 1) }));
    const plan = { switches: readSwitches({}, VERSION) };
    expect(markdownText(annotationOf({ targets: [skipped], plan, warnings }))).toBe(text);
  },
);
