import { describe, expect, test } from 'vitest';
import { change, said } from './small-file.ts';

const TWO = '    cache: {}\n  app-cpu:\n    lane: ';

describe('fields that do not go together are named, with the other one', () => {
  test.each([
    [
      '  untrusted: app-test',
      '  untrusted: app',
      '5:14 images.untrusted: registry.example/app is images.trusted already; every purpose and trust level needs its own',
    ],
    [
      '  registry: registry.example:5000/team\n  trusted: cache',
      '  registry: registry.example\n  trusted: app-test',
      '8:12 cache.trusted: registry.example/app-test is images.untrusted already; every purpose and trust level needs its own',
    ],
    [
      '    cache: {}',
      `    inherits: [base]\n${TWO}""\n    inherits: [base]`,
      "24:11 targets.app-cpu.lane: lane '' is that of 'app' already; they would overwrite each other's names",
    ],
    [
      '    cache: {}',
      '    cache: {}\n  App:\n    lane: cpu',
      "22:3 targets.App: 'App' and 'app' are both APP in the overlay's variables; rename one",
    ],
    [
      '  variables: {}\n  passthrough: []',
      '  variables: { A: x }\n  passthrough: [A]',
      "15:17 bake.passthrough[0]: 'A' is set in bake.variables already; remove one",
    ],
    [
      '  optional: []',
      '  optional: [A]',
      "16:14 bake.optional[0]: 'A' is not in bake.variables or bake.passthrough",
    ],
    [
      '  variables: {}',
      '  variables: { A: "${commit}" }',
      "14:19 bake.variables.A: '${commit}' differs between builds; add A to bake.perCommit",
    ],
    [
      '    cache: {}',
      '    args: { a: "n${buildNumber}" }',
      "21:16 targets.app.args.a: 'n${buildNumber}' differs between builds; add a to bake.perCommit",
    ],
    [
      '  alsoExport: []',
      '  alsoExport: ["registry.example/app:${commit}"]',
      "11:16 cache.alsoExport[0]: 'registry.example/app:${commit}' lies in a repository whose tags warmbake names itself",
    ],
    [
      '  alsoExport: []',
      '  alsoExport: ["o.example/c:${commit}", "o.example/c:${commit}${laneSuffix}"]',
      "11:41 cache.alsoExport[1]: 'o.example/c:${commit}${laneSuffix}' gives a name that is exported already; two lanes need ${laneSuffix} in it",
    ],
  ])('%j as %j', (was, now, problem) => {
    expect(said(change(was, now))).toEqual([problem]);
  });

  test('two lanes export to extra names only where the lane is part of the name', () => {
    const twoLanes = change('    cache: {}', `${TWO}cpu`);
    const exporting = (template: string) =>
      said(twoLanes.replace('alsoExport: []', () => `alsoExport: ["${template}"]`));
    expect(exporting('o.example/c:${commit}')).toHaveLength(1);
    expect(exporting('o.example/c:${commit}${laneSuffix}')).toEqual([]);
    // Said once, however many lanes it concerns.
    expect(exporting('registry.example/app:${commit}')).toHaveLength(1);
  });

  test('a lane of the plain target and its own lane may differ in the lane only', () => {
    expect(said(change('    cache: {}', `${TWO}cpu`))).toEqual([]);
  });
});
