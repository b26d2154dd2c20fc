import { expect, it } from 'vitest';
import { parseDefinition } from '../../src/bake/definition.ts';
import { aliasOf } from '../../src/bake/members.ts';
import { ESCAPE_CANARY, VARIABLE_CANARY, reservation } from '../../src/config/reserved-names.ts';

const CANARY = { context: '.', dockerfile: 'Dockerfile', args: { text: '${x}' } };
const ASKED = { targets: ['app', ESCAPE_CANARY] };

function printed(target: string, group = ''): string {
  const bird = `"${ESCAPE_CANARY}": ${JSON.stringify(CANARY)}`;
  return `{"group": {${group}"default": ${JSON.stringify(ASKED)}}, "target": {${[target, bird].filter((one) => one !== '').join()}}}`;
}

const app = '"app": {"context": ".", "dockerfile": "Dockerfile"}';

it('what warmbake asks for itself is not among the targets', () => {
  const { targets, raw } = parseDefinition(printed(app));
  expect([...targets.keys()]).toEqual(['app']);
  expect(raw).toMatchObject({ group: { default: { targets: ['app'] } } });
});

it.each([
  ['__proto__', printed(`"__proto__": {"context": "."}`)],
  ['__proto__', printed(app, '"__proto__": {"targets": ["app"]},')],
  ['warmbake-of-x', printed(`"warmbake-of-x": {"context": "."}`)],
  [ESCAPE_CANARY, printed(app, `"all": ${JSON.stringify(ASKED)},`)],
  [ESCAPE_CANARY, printed(app).replace('"args":{"text"', '"args":{"mine":"1","text"')],
  [ESCAPE_CANARY, printed(app).replace('"Dockerfile","args"', '"other.Dockerfile","args"')],
  [VARIABLE_CANARY, printed(`${app}, "${VARIABLE_CANARY}": {"dockerfile-inline": "FROM scratch"}`)],
  [VARIABLE_CANARY, printed(app, `"all": ${JSON.stringify({ targets: ['app', VARIABLE_CANARY] })},`)],
])('a name of the bake files that is taken is refused by its name: %s', (name, text) => {
  expect(() => parseDefinition(text)).toThrow(
    expect.objectContaining({
      kind: 'config',
      code: 'reserved-name',
      message: `the bake files have a target '${name}': that ${reservation(name) ?? ''}`,
    }),
  );
});

it('the names that warmbake takes are reserved, and others are not', () => {
  expect([ESCAPE_CANARY, VARIABLE_CANARY, aliasOf('app')].map(reservation)).not.toContain(undefined);
  expect(['app', 'warmbake', 'warmbake-escape', 'proto'].map(reservation)).toEqual(Array(4).fill(undefined));
});
