import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Targets, targetsOf } from '../../src/bake/definition.ts';
import { portableDefinition } from '../../src/bake/portable.ts';

function parse(raw: unknown): Targets {
  return targetsOf(raw);
}

describe('a printed definition as a bake file for every buildx', () => {
  it('has text where newer ones print objects', () => {
    const raw = {
      group: { default: { targets: ['app'] } },
      target: {
        app: {
          args: { x: '$${y}' },
          attest: [
            { mode: 'max', type: 'provenance' },
            { disabled: true, type: 'sbom' },
          ],
          'cache-from': [{ ref: 'x.test/a:b', type: 'registry' }, 'type=gha'],
          output: [{ dest: '/tmp/a,b', type: 'oci' }],
          secret: [{ id: 'aws', src: '/tmp/"x"' }],
          ssh: [{ id: 'default' }, { id: 'k', paths: ['/a', '/b'] }],
          ulimits: ['nofile=1024:1024'],
        },
      },
    };
    expect(portableDefinition(raw)).toEqual({
      group: raw.group,
      target: {
        app: {
          args: raw.target.app.args,
          attest: ['type=provenance,mode=max', 'type=sbom,disabled=true'],
          'cache-from': ['type=registry,ref=x.test/a:b', 'type=gha'],
          output: ['type=oci,"dest=/tmp/a,b"'],
          secret: ['id=aws,"src=/tmp/""x"""'],
          ssh: ['default', 'k=/a,/b'],
          ulimits: ['nofile=1024:1024'],
        },
      },
    });
  });

  it('says the same', () => {
    const text = fc.string({ minLength: 1 });
    const key = fc.stringMatching(/^[a-z][a-z-]*$/).filter((name) => name !== 'type');
    const entry = fc.tuple(text, fc.dictionary(key, text)).map(([type, more]) => ({ ...more, type }));
    fc.assert(
      fc.property(fc.array(entry), fc.array(entry), (from, output) => {
        const raw = { target: { app: { 'cache-from': from, output } } };
        expect(parse(portableDefinition(raw))).toEqual(parse(raw));
      }),
    );
  });

  it('stays as it is where its shape is not known', () => {
    const raw = { target: { app: { output: 7 } } };
    expect(portableDefinition(raw)).toBe(raw);
  });
});
