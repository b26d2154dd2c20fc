import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Document, Node, YAMLError } from 'yaml';
import type { Path } from './problem.ts';

/** Where something stands in the text; both count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Something wrong with the text itself. */
export interface Fault extends TextPosition {
  readonly message: string;
}

/** The text as a value that knows where each part of it was written. */
export type ConfigurationDocument =
  | { readonly state: 'broken'; readonly faults: readonly Fault[] }
  | {
      readonly state: 'read';
      readonly value: unknown;
      /** Keys written twice; the last one is in `value`. */
      readonly faults: readonly Fault[];
      /** Position of the value at `path` (or of its key); of the nearest key above where there is none. */
      readonly locate: (path: Path, atKey: boolean) => TextPosition;
    };

/** Reads YAML 1.2 (JSON is a part of it), with or without a byte order mark. Never throws. */
export function readDocument(text: string): ConfigurationDocument {
  // Some editors save UTF-16, which has a zero byte in each Latin letter.
  if (text.includes('\0')) {
    return {
      state: 'broken',
      faults: [{ line: 1, column: 1, message: 'not UTF-8; save the file as UTF-8' }],
    };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const position = (offset: number): TextPosition => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const fault = (error: YAMLError): Fault => ({
    ...position(error.pos[0]),
    message: messageFor(error, text),
  });
  const faults = [...[...document.errors, ...document.warnings].map(fault), ...lostKeys(document, position)];
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return { state: 'broken', faults };
  try {
    const value: unknown = document.toJS();
    return {
      state: 'read',
      value,
      faults,
      locate: (path, atKey) => position(offsetOf(document, path, atKey)),
    };
  } catch (error) {
    // Aliases are resolved only here: an unknown one, or too many of them.
    const message = notYaml(error instanceof Error ? error.message : String(error));
    return { state: 'broken', faults: [...faults, { line: 1, column: 1, message }] };
  }
}

/** JavaScript has another use for this name: objects lose such a key, and what was written there would be gone without a word. */
function lostKeys(document: Document.Parsed, position: (offset: number) => TextPosition): readonly Fault[] {
  const found: Fault[] = [];
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.value !== '__proto__') return;
      const message = "'__proto__' cannot be a key here: give it another name";
      found.push({ ...position(key.range?.[0] ?? 0), message });
    },
  });
  return found;
}

function messageFor(error: YAMLError, text: string): string {
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[^\s:]+/.exec(text.slice(error.pos[0]))?.[0] ?? '';
    return `key '${key}' is written twice`;
  }
  if (error.code === 'TAB_AS_INDENT') return 'a tab at the beginning of the line; indent with spaces';
  if (error.code === 'MULTIPLE_DOCS') return 'more than one document; remove the second one';
  return notYaml(error.message);
}

function notYaml(reason: string): string {
  return `not valid YAML: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`;
}

function offsetOf(document: Document.Parsed, path: Path, atKey: boolean): number {
  let key: Node | null = null;
  let value: unknown = document.contents;
  for (const segment of path) {
    if (isAlias(value)) value = value.resolve(document);
    if (isMap(value)) {
      const pair = value.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(segment),
      );
      if (pair === undefined) return startOf(key);
      key = pair.key as Node;
      value = pair.value;
    } else if (isSeq(value)) {
      const item: unknown = value.items[Number(segment)];
      if (item === undefined) return startOf(key);
      value = item;
    } else return startOf(key);
  }
  const node = value as Node | null;
  // A key with nothing behind it has an empty value that belongs to no line.
  const empty = node?.range == null || node.range[0] === node.range[1];
  return atKey || empty ? startOf(key) : startOf(node);
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}
