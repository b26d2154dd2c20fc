/** Where a program finds its pieces. */
export type PieceSource =
  /** In itself. */
  | { readonly in: 'text'; readonly texts: Readonly<Record<string, string>> }
  /** Among the assets of the executable (Node's single-executable format) that it is part of. */
  | { readonly in: 'assets' }
  /** Beside it, with what V8 made of them in a {@link COMPILED} file, where that fits. */
  | { readonly in: 'files' };

/** What a piece stands between to be a function of what it needs, where it is read from a file. */
export const WRAPPER = ['(function (require, module, exports, __filename) {', '\n})'] as const;

/** What V8 made of the pieces: a line of JSON, and behind it one piece's code after the other. */
export const COMPILED = 'compiled.bin';

/** A piece of fewer bytes is compiled from its text: that takes less than to look for its code. */
export const SMALL = 4_096;

/**
 * The program that requires the pieces. Each is compiled when it is first needed; at start-up that is the smallest, and the SDKs are
 * seldom.
 */
export function loaderText(source: PieceSource): string {
  return `#!/usr/bin/env node
'use strict';
const vm = require('node:vm');
${findText(source)}
const loaded = new Map();
function load(name) {
  if (!name.startsWith('./')) return require(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const run = compile(name);
  run(load, module, module.exports, __filename);
  return module.exports;
}
load('./main.cjs');
`;
}

const PARAMETERS = "['require', 'module', 'exports', '__filename']";

function findText(source: PieceSource): string {
  if (source.in === 'files') return FILES;
  const text =
    source.in === 'assets'
      ? "const text = (name) => require('node:sea').getAsset(name, 'utf8');"
      : `const texts = ${JSON.stringify(source.texts)};\nconst text = (name) => texts[name];`;
  return `${text}
function compile(name) {
  return vm.compileFunction(text(name), ${PARAMETERS}, { filename: 'warmbake/' + name.slice(2) });
}`;
}

/**
 * V8 takes code of its own version and flags only, but it looks neither whether that is of the same text nor whether it is whole: a digest
 * of both does. Whatever does not fit or cannot be read, the text is compiled.
 */
const FILES = `const fs = require('node:fs');
const path = require('node:path');
function openCompiled() {
  try {
    const fd = fs.openSync(path.join(__dirname, '${COMPILED}'), 'r');
    const start = Buffer.alloc(16384);
    const end = start.subarray(0, fs.readSync(fd, start, 0, start.length, 0)).indexOf(10);
    const { node, arch, pieces } = JSON.parse(start.toString('utf8', 0, end));
    if (node !== process.version || arch !== process.arch) return () => undefined;
    return (name, text) => {
      try {
        const [at, length, digest] = pieces[name];
        const code = Buffer.alloc(length);
        fs.readSync(fd, code, 0, length, end + 1 + at);
        return digestOf(text, code) === digest ? code : undefined;
      } catch {
        return undefined;
      }
    };
  } catch {
    return () => undefined;
  }
}
function digestOf(text, code) {
  return require('node:crypto').createHash('sha256').update(text).update(code).digest('base64');
}
let compiled;
const scripts = new Map();
function compile(name) {
  const file = path.join(__dirname, name);
  const text = fs.readFileSync(file);
  if (text.length >= ${SMALL}) compiled ??= openCompiled();
  const script = new vm.Script(${JSON.stringify(WRAPPER[0])} + text.toString() + ${JSON.stringify(WRAPPER[1])}, {
    filename: file,
    cachedData: text.length < ${SMALL} ? undefined : compiled?.(name, text),
  });
  scripts.set(name, { script, text });
  return script.runInThisContext();
}`;
