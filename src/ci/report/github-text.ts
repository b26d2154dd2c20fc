import type { Output } from './ci-report.ts';

/** A step's summary that is larger is not shown at all (docs.github.com/actions, "Workflow commands", step isolation and limits). */
export const SUMMARY_LIMIT = 1024 * 1024;

const CUT = '\nThe rest is left out: GitHub shows 1 MiB of a step.\n';

/** As much of a text as fits below the `taken` bytes of the same step, in whole lines; '' where not even the sentence does. */
export function cutSummary(text: string, taken: number): string {
  const room = SUMMARY_LIMIT - taken;
  if (Buffer.byteLength(text) <= room) return text;
  let left = room - Buffer.byteLength(CUT);
  if (left < 0) return '';
  const kept: string[] = [];
  for (const line of text.split(/(?<=\n)/)) {
    left -= Buffer.byteLength(line);
    if (left < 0) break;
    kept.push(line);
  }
  return `${kept.join('')}${CUT}`;
}

/**
 * An output as the runner's file has it: between two lines that nobody can know who has a say in the text ("Multiline strings": whoever knows
 * the delimiter can end the text and write outputs of his own).
 */
export function githubOutput([name, text]: Output, delimiter: string): string {
  return `${name}<<${delimiter}\n${text}\n${delimiter}\n`;
}
