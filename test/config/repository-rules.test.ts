import { describe, expect, test } from 'vitest';
import { change, said } from './small-file.ts';

const own = (text: string): readonly string[] => said(change('    cache: {}', text));

describe('repositories that are not apart are named', () => {
  test.each([
    [
      "a target's own that others may write",
      '    image: { trusted: app-test }',
      '21:23 targets.app.image.trusted: registry.example/app-test is images.untrusted already; every purpose and trust level needs its own',
    ],
    [
      'by another spelling of the registry',
      '    cache: { registry: "registry.example:443", untrusted: app }',
      '21:59 targets.app.cache.untrusted: registry.example:443/app is images.trusted already; every purpose and trust level needs its own',
    ],
    [
      'for some target that a group can have',
      '    image: { trusted: "app-${target}" }',
      "21:23 targets.app.image.trusted: registry.example/app-${target} and images.untrusted (registry.example/app-test) can be one repository, by a target's name; let them begin or end differently",
    ],
    [
      'that are none',
      '    image: { untrusted: "App_${target}${target}" }',
      "21:25 targets.app.image.untrusted: 'registry.example/App_${target}${target}' is not a repository; write host[:port][/path] as registry, lower-case words joined by '/', '-', '_' or '.' as repository",
    ],
  ])('%s', (_, text, problem) => expect(own(text)).toEqual([problem]));

  test('templates whose names can meet', () => {
    const file = change(
      '  trusted: app\n  untrusted: app-test',
      '  trusted: "a-${target}"\n  untrusted: "a-${target}-test"',
    );
    expect(said(file)).toEqual([expect.stringContaining("can be one repository, by a target's name")]);
    const apart = change(
      '  trusted: app\n  untrusted: app-test',
      '  trusted: "main/${target}"\n  untrusted: "test/${target}"',
    );
    expect(said(apart)).toEqual([]);
  });
});

test('an extra export must not lie in the repository of any target', () => {
  const file = change('  alsoExport: []', '  alsoExport: ["o.example:443/x/app:${commit}"]').replace(
    '    cache: {}',
    () => '    image: { registry: o.example, trusted: "x/${target}" }',
  );
  expect(said(file)).toEqual([
    expect.stringContaining('lies in a repository whose tags warmbake names itself'),
  ]);
});
