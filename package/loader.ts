/**
 * The program that requires the pieces: as one file it holds their texts, in an executable (Node's single-executable format)
 * they are its assets. Each is compiled when it is first needed; at start-up that is the smallest, and the SDKs are seldom.
 */
export function loaderText(texts: Readonly<Record<string, string>> | 'assets'): string {
  const find =
    texts === 'assets'
      ? "const text = (name) => require('node:sea').getAsset(name, 'utf8');"
      : `const texts = ${JSON.stringify(texts)};\nconst text = (name) => texts[name];`;
  return `#!/usr/bin/env node
'use strict';
const vm = require('node:vm');
${find}
const loaded = new Map();
function load(name) {
  if (!name.startsWith('./')) return require(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const run = vm.compileFunction(text(name), ['require', 'module', 'exports', '__filename'], {
    filename: 'warmbake/' + name.slice(2),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  run(load, module, module.exports, __filename);
  return module.exports;
}
load('./main.cjs');
`;
}
