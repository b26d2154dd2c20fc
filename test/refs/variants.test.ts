import { expect, it } from 'vitest';
import { variantsOf } from '../../src/refs/variants.ts';
import { settingsOf, SMALL } from '../bake/small-settings.ts';
import { FILE, parse } from '../config/small-file.ts';

function named(entry: string, images = ''): readonly object[] {
  const text = SMALL.slice(0, SMALL.indexOf('targets:'));
  const settings = settingsOf(`${text}targets:\n  app: ${entry}\n${images}`);
  return settings.targets
    .flatMap((target) => variantsOf(target, settings))
    .map(({ name, lane, variantOf, image, repositories }) => ({
      name,
      lane,
      variantOf,
      image,
      path: repositories?.images.trusted.path,
    }));
}

it('an image has no other compression unless it is said', () => expect(named('{}')).toEqual([]));

it.each([
  ['{ image: { also: [zstd] } }', 'zstd'],
  ['{ lane: cpu, image: { also: [zstd] } }', 'cpu-zstd'],
])('%s ends its tags in -%s', (entry, lane) => {
  expect(named(entry)).toMatchObject([
    { name: 'app-zstd', variantOf: 'app', lane, image: { compression: 'zstd', push: true } },
  ]);
});

it('and lies in the repository of the target, whatever that is called after', () => {
  const [own] = named('{ image: { also: [zstd], trusted: "x/${target}", untrusted: "y/${target}" } }');
  expect(own).toMatchObject({ path: expect.stringMatching(/x\/app$/) });
});

it.each([
  ['[gzip]', 'gzip'],
  ['[zstd, zstd]', 'zstd'],
])('what is written already is told: also: %s', (also, name) => {
  const parsed = parse(FILE.replace('    cache: {}\n', `    cache: {}\n    image: { also: ${also} }\n`));
  expect(parsed).toMatchObject({
    ok: false,
    problems: [
      {
        path: expect.stringMatching(/^targets\.app\.image\.also\[/),
        message: `the image is written as ${name} already`,
      },
    ],
  });
});
