/** A line without end is cut here, in characters. */
const LONGEST_LINE = 16 * 1024;

/** Turns chunks of a step's output into whole lines. */
export interface LineAssembler {
  /** The lines that `bytes` completes, without their ends. */
  push(bytes: Uint8Array): readonly string[];
  /** What is left without a line end. */
  flush(): readonly string[];
}

/**
 * Assembles the output of one step and stream. Of a line that a progress bar has written over with carriage returns
 * the last state is kept, as a terminal would show it; memory is bounded for output that never ends its line.
 */
export function lineAssembler(): LineAssembler {
  const decoder = new TextDecoder();
  let rest = '';
  const take = (text: string): readonly string[] => {
    const lines = `${rest}${text}`.split('\n');
    rest = boundedRest(lines.pop() ?? '');
    const overlong = rest.length > LONGEST_LINE;
    if (overlong) {
      lines.push(rest);
      rest = '';
    }
    return lines.flatMap((line) => cut(lastState(line)));
  };
  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    flush: () => {
      const lines = take(decoder.decode());
      const last = rest === '' ? [] : cut(lastState(rest));
      rest = '';
      return [...lines, ...last];
    },
  };
}

function lastState(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  const text = line.slice(0, end);
  return text.slice(text.lastIndexOf('\r') + 1);
}

/** A carriage return at the very end may be half of a line end: what is before it stays. */
function boundedRest(rest: string): string {
  return rest.slice(rest.lastIndexOf('\r', rest.length - 2) + 1);
}

function cut(line: string): readonly string[] {
  const pieces: string[] = [];
  for (let from = 0; from < line.length || from === 0; from += LONGEST_LINE) {
    pieces.push(line.slice(from, from + LONGEST_LINE));
  }
  return pieces;
}
