import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FILE, change, parse, said } from './small-file.ts';

describe('text that is not a configuration', () => {
  test.each([
    ['', '1:1 empty; write a mapping'],
    ['- a\n', '1:1 a list does not fit; write a mapping'],
    [
      'images: [a\ncache: b\n',
      '2:1 not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['\timages: 1\n', '1:1 a tab at the beginning of the line; indent with spaces'],
    [
      change('\n  app:\n    target', '\n\tapp:\n    target'),
      '18:1 a tab at the beginning of the line; indent with spaces',
    ],
    [Buffer.from(FILE, 'utf16le').toString('utf8'), '1:1 not UTF-8; save the file as UTF-8'],
    ['images: *a\n', '1:1 not valid YAML: unresolved alias (the anchor must be set before the alias): a'],
    [`${FILE}---\n${FILE}`, '24:1 more than one document; remove the second one'],
    [`${FILE}repository: github.com/acme/other\n`, "24:1 key 'repository' is written twice"],
    [
      FILE.replace('  app:\n', '  __proto__: {}\n  app:\n'),
      "18:3 '__proto__' cannot be a key here: give it another name",
    ],
  ])('%j', (text, problem) => {
    expect(said(text)).toEqual([problem]);
  });
});

test('everything that is wrong is told at once, in the order of the lines', () => {
  const text = `repository: acme
images: { registry: r.example, trusted: app, untrusted: app }
cash: {}
cache: { registry: r.example, trusted: cache, maxSources: no }
bake:
  files: [../x]
  args: { commit: "\${commit}" }
  args: {}
targets:
  app: {}
  _cpu: { lane: [cpu], pull: true }
`;
  expect(said(text)).toEqual([
    "1:13 repository: 'acme' is not a valid repository; write host/owner/name, without scheme and .git",
    "3:1 cash: unknown key; did you mean 'cache'?",
    '4:1 cache.untrusted: missing: repository that every other build writes',
    "4:59 cache.maxSources: 'no' does not fit; write a whole number",
    "6:11 bake.files[0]: '../x' is not a path below the repository root",
    "8:3 key 'args' is written twice",
    "11:3 targets._cpu: '_cpu' is not a valid target name (letters, digits, '_' and '-', a letter first)",
    '11:17 targets._cpu.lane: a list does not fit; write text',
    '11:24 targets._cpu.pull: unknown key; known are inherits, target, lane, cache, image, args',
  ]);
});

test('a rule over two sections speaks although a third section is broken', () => {
  const text = change('  untrusted: app-test', '  untrusted: app').replace('compat: {}', 'compat: 1');
  expect(said(text)).toEqual([
    expect.stringMatching(/^5:14 images.untrusted: /),
    '23:9 compat: 1 does not fit; write a mapping',
  ]);
});

test('what is wrong behind an alias is shown where it was written', () => {
  const text = change(
    '    lane: ""',
    '    image: &image { push: "no" }\n  cpu:\n    lane: cpu\n    image: *image',
  );
  expect(said(text)).toEqual([
    "20:27 targets.app.image.push: 'no' does not fit; write true or false",
    "20:27 targets.cpu.image.push: 'no' does not fit; write true or false",
  ]);
});

test('what is left out gets its default', () => {
  const parsed = parse(`{ "repository": "GitHub.com/Acme/App",
    "images": { "registry": "127.0.0.1:5000", "trusted": "a", "untrusted": "b" },
    "cache": { "registry": "127.0.0.1:5000", "trusted": "c", "untrusted": "d" },
    "bake": { "files": ["./docker-bake.hcl"] }, "targets": { "app": {} } }`);
  expect(parsed).toEqual({
    ok: true,
    families: [],
    settings: {
      root: '/repo',
      repository: 'github.com/acme/app',
      trustedBranch: 'main',
      images: {
        trusted: { host: '127.0.0.1:5000', path: 'a' },
        untrusted: { host: '127.0.0.1:5000', path: 'b' },
      },
      cache: {
        trusted: { host: '127.0.0.1:5000', path: 'c' },
        untrusted: { host: '127.0.0.1:5000', path: 'd' },
        maxSources: 8,
        alsoExport: [],
      },
      bake: {
        files: ['docker-bake.hcl'],
        variables: {},
        optional: [],
        passthrough: [],
        perCommit: [],
        permit: [],
        allow: [],
        args: {},
        annotations: {
          buildNumber: 'buildkite.build-number',
          buildId: 'buildkite.build-id',
          revision: 'org.opencontainers.image.revision',
        },
      },
      logins: { credentials: 'session', assume: {} },
      targets: [
        {
          name: 'app',
          inherits: [],
          lane: '',
          cache: { mode: 'max', compression: 'zstd' },
          image: { compression: 'gzip', push: true },
          args: {},
          written: {},
        },
      ],
      default: [],
      builder: { name: 'warmbake' },
      compat: { oldNames: false },
      marker: '/etc/warmbake-image',
      written: {
        images: { registry: '127.0.0.1:5000', trusted: 'a', untrusted: 'b' },
        cache: { registry: '127.0.0.1:5000', trusted: 'c', untrusted: 'd' },
      },
    },
  });
});

test('any text is parsed or refused at a line that exists, never a crash', () => {
  const line = fc.oneof(
    fc.constantFrom(...FILE.split('\n')),
    fc.constantFrom(
      'a: &a [*a]',
      'x: *y',
      '<<: {}',
      '? [a]',
      '__proto__: {}',
      '  - 1',
      'targets: 1',
      '%YAML 1.1',
    ),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      const parsed = parse(lines.join('\n'));
      const count = lines.join('\n').split('\n').length;
      const places = parsed.ok ? [] : parsed.problems.map((problem) => problem.line);
      expect(parsed.ok || places.length > 0).toBe(true);
      expect(places.filter((place) => place < 1 || place > count)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('a byte order mark at the beginning is no part of the file', () => {
  expect(said(`\uFEFF${FILE}`)).toEqual([]);
});

test.each([
  ['app, web', "'app: {}'"],
  ['{ name: app, lane: cpu }', "'app: {}'"],
  ['{ app: { lane: cpu } }', "'app: {}'"],
  ['[app]', "'name: {}'"],
])('targets that are listed are told how they are written as keys: [%s]', (listed, example) => {
  const text = FILE.replace(/targets:\n(?: .*\n)+/, `targets: [${listed}]\n`);
  expect(said(text)).toEqual([
    `17:10 targets: a list does not fit; write a mapping with each name as a key, without '- ': ${example}`,
  ]);
});

test.each([
  ['warmbake-escapes: {}', '18:3 targets.warmbake-escapes', 'warmbake-escapes'],
  ['warmbake-of-app: {}', '18:3 targets.warmbake-of-app', 'warmbake-of-app'],
  ['app: { inherits: [warmbake-escapes] }', '18:21 targets.app.inherits[0]', 'warmbake-escapes'],
])('a name that is taken is told: %s', (entry, place, name) => {
  const text = FILE.replace(/targets:\n(?: .*\n)+/, `targets:\n  ${entry}\n`);
  expect(said(text)).toEqual([
    `${place}: '${name}' is a name that warmbake itself uses: give it another name`,
  ]);
});
