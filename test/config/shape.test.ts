import { describe, expect, test } from 'vitest';
import { change, said } from './small-file.ts';

describe('a field that is wrong is named with its place and what to write', () => {
  test.each([
    // A key that nobody knows.
    ['  maxSources: 6', '  maxSource: 6', "10:3 cache.maxSource: unknown key; did you mean 'maxSources'?"],
    [
      '  app:\n    target: test',
      '  app:\n    zz9plural: test',
      '19:5 targets.app.zz9plural: unknown key; known are inherits, target, lane, cache, image, args',
    ],
    ['compat: {}', 'comapt: {}', "23:1 comapt: unknown key; did you mean 'compat'?"],
    // A key that is not there; the nearest line that is there.
    [
      'repository: github.com/acme/app\n',
      '',
      '1:1 repository: missing: the source repository, host/owner/name',
    ],
    ['  trusted: app\n', '', '2:1 images.trusted: missing: repository that only the trusted build writes'],
    ['compat: {}', 'compat:', '23:1 compat: empty; write a mapping'],
    // Another type.
    [
      '  maxSources: 6',
      '  maxSources: many',
      "10:15 cache.maxSources: 'many' does not fit; write a whole number",
    ],
    [
      '  maxSources: 6',
      '  maxSources: 1.5',
      '10:15 cache.maxSources: 1.5 does not fit; write a whole number',
    ],
    [
      '  files: [docker-bake.hcl]',
      '  files: docker-bake.hcl',
      "13:10 bake.files: 'docker-bake.hcl' does not fit; write a list",
    ],
    ['    cache: {}', '    cache: []', '21:12 targets.app.cache: a list does not fit; write a mapping'],
    ['    lane: ""', '    lane: 310', '20:11 targets.app.lane: 310 is not text; write "310"'],
    [
      'compat: {}',
      'compat: { oldNames: yes }',
      "23:21 compat.oldNames: 'yes' does not fit; write true or false",
    ],
    ['compat: {}', 'compat: { oldNames: 1 }', '23:21 compat.oldNames: 1 does not fit; write true or false'],
    ['  variables: {}', '  variables: { JOBS: 16 }', '14:22 bake.variables.JOBS: 16 is not text; write "16"'],
    // A value out of range.
    ['  maxSources: 6', '  maxSources: 21', '10:15 cache.maxSources: write a number from 1 to 20'],
    ['  maxSources: 6', '  maxSources: 0', '10:15 cache.maxSources: write a number from 1 to 20'],
    [
      '    cache: {}',
      '    cache: { mode: most }',
      "21:20 targets.app.cache.mode: 'most' is not one of min, max",
    ],
    ['  files: [docker-bake.hcl]', '  files: []', '13:10 bake.files: name at least one bake file'],
    [
      'targets:\n  app:\n    target: test\n    lane: ""\n    cache: {}',
      'targets: {}',
      '17:10 targets: name at least one target',
    ],
    // Names and paths.
    [
      'github.com/acme/app',
      'https://github.com/acme/app',
      "1:13 repository: 'https://github.com/acme/app' is not a valid repository; write host/owner/name, without scheme and .git",
    ],
    [
      'github.com/acme/app',
      'github.com/acme/app.git',
      "1:13 repository: 'github.com/acme/app.git' is not a valid repository; write host/owner/name, without scheme and .git",
    ],
    [
      '  registry: registry.example\n',
      '  registry: https://registry.example\n',
      "3:13 images.registry: 'https://registry.example' is not a registry host; write host[:port][/path], without scheme",
    ],
    [
      '  trusted: cache',
      '  trusted: Cache',
      "8:12 cache.trusted: 'Cache' is not a repository; write lower-case words joined by '/', '-', '_' or '.'",
    ],
    [
      '  trusted: cache',
      '  trusted: "cache/${tarket}"',
      "8:12 cache.trusted: 'cache/${tarket}' is not a repository; write lower-case words joined by '/', '-', '_' or '.', and in it nothing to be filled in but ${target}, once",
    ],
    [
      '  files: [docker-bake.hcl]',
      '  files: [a.hcl, docker/../../x.hcl]',
      "13:18 bake.files[1]: 'docker/../../x.hcl' is not a path below the repository root",
    ],
    [
      '  files: [docker-bake.hcl]',
      '  files: [/etc/x.hcl]',
      "13:11 bake.files[0]: '/etc/x.hcl' is not a path below the repository root",
    ],
    [
      '    lane: ""',
      '    lane: CPU',
      "20:11 targets.app.lane: 'CPU' is not a valid lane (lower-case letters, digits, '.', '_' and '-', at most 32, not ending like a hash of 10 hex digits)",
    ],
    [
      '    lane: ""',
      '    lane: a-0123456789',
      "20:11 targets.app.lane: 'a-0123456789' is not a valid lane (lower-case letters, digits, '.', '_' and '-', at most 32, not ending like a hash of 10 hex digits)",
    ],
    [
      '  app:\n',
      '  _app:\n',
      "18:3 targets._app: '_app' is not a valid target name (letters, digits, '_' and '-', a letter first)",
    ],
    [
      '  variables: {}',
      '  variables: { A-B: x }',
      "14:16 bake.variables.A-B: 'A-B' is not a valid variable name (letters, digits and _, no digit first, no WARMBAKE_ first)",
    ],
    [
      '  passthrough: []',
      '  passthrough: [WARMBAKE_TAGS_APP]',
      "15:17 bake.passthrough[0]: 'WARMBAKE_TAGS_APP' is not a valid variable name (letters, digits and _, no digit first, no WARMBAKE_ first)",
    ],
    [
      'builder: {}',
      'builder: { image: "moby/buildkit:latest" }',
      "22:19 builder.image: 'moby/buildkit:latest' is not a valid image pinned by digest; write name@sha256:<64 hex digits>, or the builder changes when the tag moves",
    ],
    [
      'builder: {}',
      'builder: { socket: buildkitd.sock }',
      "22:20 builder.socket: 'buildkitd.sock' is not a valid absolute path",
    ],
    // Templates.
    [
      '  variables: {}',
      '  variables: { A: "${comit}" }',
      "14:19 bake.variables.A: unknown value '${comit}'; known are ${commit}, ${branch}, ${buildNumber}, ${buildId}; write $${ for a literal ${",
    ],
    [
      '  variables: {}',
      '  variables: { A: "x${commit" }',
      "14:19 bake.variables.A: '${commit' has no closing brace; write $${ for a literal ${",
    ],
    [
      '  alsoExport: []',
      '  alsoExport: ["other.example/c:latest"]',
      "11:16 cache.alsoExport[0]: 'other.example/c:latest' is one name for all commits; add ${commit} to its tag",
    ],
    [
      '  alsoExport: []',
      '  alsoExport: ["c:${commit}"]',
      "11:16 cache.alsoExport[0]: 'c:${commit}' gives no host/repository:tag",
    ],
    [
      '  alsoExport: []',
      '  alsoExport: ["other.example/c:${commit}-${branch}"]',
      "11:16 cache.alsoExport[0]: unknown value '${branch}'; known are ${commit}, ${lane}, ${laneSuffix}; write $${ for a literal ${",
    ],
  ])('%j as %j', (was, now, problem) => {
    expect(said(change(was, now))).toEqual([problem]);
  });
});
