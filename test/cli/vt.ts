/**
 * A terminal reduced to what the live display uses: line ends, carriage return, cursor up, erase below, wrapping. Colours
 * are dropped. Any other control character or escape sequence throws: it would break a screen.
 */
export class VirtualTerminal {
  readonly columns: number;
  cursorVisible = true;
  writes = 0;
  readonly #rows: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  write(text: string): void {
    this.writes += 1;
    for (const [piece] of text.matchAll(/\u001B\[[?\d;]*[A-Za-z]|[\s\S]/gu)) this.#take(piece);
  }

  /** The lines on screen and above, without trailing space. */
  get lines(): readonly string[] {
    return this.#rows.join('\n').trimEnd().split('\n');
  }

  #take(piece: string): void {
    const up = /^\u001B\[(\d+)A$/.exec(piece)?.[1];
    if (up !== undefined) this.#row -= Number(up);
    else if (piece === '\n') this.#newLine();
    else if (piece === '\r') this.#column = 0;
    else if (piece === '\u001B[J') this.#rows.splice(this.#row, this.#rows.length, '');
    else if (/^\u001B\[\?25[lh]$/.test(piece)) this.cursorVisible = piece.endsWith('h');
    else if (/^\u001B\[(?:[\d;]*m|\?2026[lh])$/.test(piece)) return;
    else if (/^\p{Cc}/u.test(piece)) throw new Error(`unexpected control sequence ${JSON.stringify(piece)}`);
    else this.#put(piece);
    if (this.#row < 0) throw new Error('the cursor left the screen');
  }

  #put(character: string): void {
    if (this.#column === this.columns) this.#newLine();
    const row = this.#rows[this.#row] ?? '';
    this.#rows[this.#row] =
      row.slice(0, this.#column).padEnd(this.#column) + character + row.slice(this.#column + 1);
    this.#column += 1;
  }

  #newLine(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#rows.length) this.#rows.push('');
  }
}
