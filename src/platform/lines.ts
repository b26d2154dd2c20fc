/** Makes lines of pieces of text. */
export interface LineFollower {
  /** The next piece. */
  text(piece: string): void;
  /** What came last is a line too, though it has no end. */
  end(): void;
}

/** Hands each line to `tell`, without its end (`\n` or `\r\n`). */
export function followLines(tell: (line: string) => void): LineFollower {
  let pieces: string[] = [];
  const close = (): void => {
    const line = pieces.join('');
    pieces = [];
    tell(line.endsWith('\r') ? line.slice(0, -1) : line);
  };
  return {
    text: (piece) => {
      const [first = '', ...others] = piece.split('\n');
      pieces.push(first);
      for (const next of others) {
        close();
        pieces.push(next);
      }
    },
    end: () => {
      if (pieces.some((piece) => piece !== '')) close();
    },
  };
}
