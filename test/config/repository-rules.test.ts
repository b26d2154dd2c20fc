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

  test('either of the two that a registry of its own makes', () => {
    const file = change('    cache: {}', '    cache: { registry: registry.example }');
    const now = (name: string): readonly string[] =>
      said(file.replace('  trusted: app\n', `  trusted: ${name}\n`));
    expect(now('app')).toEqual([]);
    for (const name of ['cache', 'cache-test']) {
      expect(now(name)).toEqual([
        expect.stringContaining(
          `targets.app.cache.registry: registry.example/${name} is images.trusted already`,
        ),
      ]);
    }
  });

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

describe('what entries make together is looked at, as a bake file can put any of them into a group of another', () => {
  /** `all` gives a registry, `api` a repository in it, and `other` has that already, for the other trust. */
  const together = (api: string, other: string, all = 'registry: r2.example'): readonly string[] =>
    said(
      change(
        '    cache: {}',
        `    cache: {}\n  all: { lane: all, image: { ${all} } }\n  api: { lane: api, image: { ${api} } }\n  other: { lane: other, image: { registry: r2.example, ${other} } }`,
      ),
    );
  test.each([
    ['what others write', 'untrusted: foo', 'trusted: foo, untrusted: foo-test'],
    ['what main writes', 'trusted: foo', 'trusted: foo-main, untrusted: foo'],
    [
      'with a registry of its own',
      'registry: r3.example, untrusted: foo',
      'trusted: foo, untrusted: foo-test',
    ],
    ['by a template', 'untrusted: "x/${target}"', 'trusted: x/foo, untrusted: foo-test'],
  ])('%s', (_, api, other) => {
    expect(together(api, other)[0]).toMatch(/\('api' with the registry of 'all', in one group\)/);
  });

  test.each([
    ['other names', 'untrusted: foo-other', 'trusted: foo, untrusted: foo-test', undefined],
    [
      'what can never meet, as both entries are whole',
      'registry: r3.example, trusted: x, untrusted: foo',
      'trusted: foo, untrusted: foo-test',
      'registry: r2.example, trusted: a, untrusted: b',
    ],
  ])('but not %s', (_, api, other, all) => expect(together(api, other, all)).toEqual([]));
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
