import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namedBuilder } from '../../src/bake/builder.ts';
import {
  type Switches,
  readSwitches,
  switchedSettings,
  switchesText,
  unknownSwitches,
} from '../../src/image-step/switches.ts';
import { VERSION } from '../../src/platform/version.ts';
import { SMALL, settingsOf } from '../bake/small-settings.ts';
import { asked, explain, recordedEnvironments, written } from './explained.ts';

const NONE: Switches = { cacheImport: 'on', cacheExport: 'on', sccache: 'on', bypass: false };

function read(env: Readonly<Record<string, string>>): Switches {
  return readSwitches(env, '1.2.3');
}

describe('a switch', () => {
  it.each<[Record<string, string>, Partial<Switches>, string | undefined]>([
    [{}, {}, undefined],
    [{ WARMBAKE_CACHE_IMPORT: '', WARMBAKE_BYPASS: '', WARMBAKE_BUILDER: '' }, {}, undefined],
    [{ WARMBAKE_CACHE_IMPORT: 'on', WARMBAKE_BYPASS: '0' }, {}, undefined],
    [{ WARMBAKE_CACHE_IMPORT: 'off' }, { cacheImport: 'off' }, 'cache import off'],
    [{ WARMBAKE_CACHE_EXPORT: 'off' }, { cacheExport: 'off' }, 'cache export off'],
    [{ WARMBAKE_SCCACHE: 'off' }, { sccache: 'off' }, 'sccache off'],
    [{ WARMBAKE_BUILDER: 'spare-1' }, { builder: 'spare-1' }, 'builder spare-1'],
    [{ WARMBAKE_VERSION: '1.2.3' }, { version: '1.2.3' }, 'version 1.2.3'],
    [{ WARMBAKE_BYPASS: '1' }, { bypass: true }, 'bypass: one plain bake'],
  ])('is read from %j', (env, expected, text) => {
    expect(read(env)).toEqual({ ...NONE, ...expected });
    expect(switchesText(read(env))).toBe(text);
  });

  it.each([
    [{ WARMBAKE_CACHE_IMPORT: 'false' }, "WARMBAKE_CACHE_IMPORT is 'false'; it must be off or on"],
    [{ WARMBAKE_CACHE_EXPORT: 'OFF' }, "WARMBAKE_CACHE_EXPORT is 'OFF'; it must be off or on"],
    [{ WARMBAKE_SCCACHE: '0' }, "WARMBAKE_SCCACHE is '0'; it must be off or on"],
    [{ WARMBAKE_SCCACHE: 'constructor' }, "WARMBAKE_SCCACHE is 'constructor'; it must be off or on"],
    [{ WARMBAKE_BYPASS: 'yes' }, "WARMBAKE_BYPASS is 'yes'; it must be 0 or 1"],
    [{ WARMBAKE_BUILDER: '--x\n' }, "WARMBAKE_BUILDER is '--x?'; that is not the name of one"],
    [{ WARMBAKE_VERSION: 'latest' }, "WARMBAKE_VERSION is 'latest'; that is not the name of one"],
    [{ WARMBAKE_VERSION: '1.2.4' }, "WARMBAKE_VERSION is '1.2.4'; this is 1.2.3"],
  ])('is refused as invalid configuration: %j', (env, message) => {
    expect(() => read(env)).toThrow(expect.objectContaining({ kind: 'config', code: 'bad-switch', message }));
  });

  it('that is misspelt is told', () => {
    expect(
      unknownSwitches({ WARMBAKE_CACHE_IMPROT: 'off', WARMBAKE_CONFIG: 'x', WARMBAKE_SHA256: 'x' }),
    ).toEqual([
      {
        code: 'unknown-switch',
        message: 'WARMBAKE_CACHE_IMPROT does nothing; did you mean WARMBAKE_CACHE_IMPORT?',
      },
    ]);
  });

  it('turns sccache off, and invents none', () => {
    const off: Switches = { ...NONE, sccache: 'off' };
    const without = settingsOf();
    expect(switchedSettings(without, off)).toEqual(without);
    const withIt = settingsOf(`${SMALL}sccache: { enabled: true, bucket: bucket, region: us-east-1 }`);
    expect(switchedSettings(withIt, off).sccache).toEqual({ ...withIt.sccache, enabled: false });
  });

  it('names a builder that has to exist', () => {
    const engine = { name: 'default', state: 'cannot-export' } as const;
    const spare = { name: 'spare', driver: 'docker-container', endpoints: ['unix:///x'] };
    const facts = { socket: 'answers', instances: [spare], engine } as const;
    expect(namedBuilder('spare', facts).choice).toMatchObject({ action: 'use', name: 'spare' });
    expect(() => namedBuilder('sparse', facts)).toThrow(
      "WARMBAKE_BUILDER is 'sparse', which is not a builder that can export caches; there are: spare",
    );
    expect(() => namedBuilder('default', facts)).toThrow('not a builder that can export caches');
  });
});

const recordings = [...(await recordedEnvironments())];

it('cache import off asks for nothing, cache export off writes no cache', async () => {
  const env = new Map(recordings).get('main-push') ?? {};
  const { whole, ...plain } = await explain(env);
  expect(whole).toMatchObject({ switches: { cacheImport: 'on', cacheExport: 'on' } });
  const importing = await explain({ ...env, WARMBAKE_CACHE_IMPORT: 'off' });
  expect([asked(importing), written(importing)]).toEqual([[], written(plain)]);
  const exporting = await explain({ ...env, WARMBAKE_CACHE_EXPORT: 'off' });
  expect(written(exporting)).toEqual(written(plain).filter((ref) => ref.includes('-repo:')));
  expect(asked(exporting)).toEqual(asked(plain));
});

const position = fc.constantFrom('', 'on', 'off', 'off');
const switched = fc.record(
  {
    WARMBAKE_CACHE_IMPORT: position,
    WARMBAKE_CACHE_EXPORT: position,
    WARMBAKE_SCCACHE: position,
    WARMBAKE_BUILDER: fc.constantFrom('', 'spare', 'main', 'latest'),
    WARMBAKE_VERSION: fc.constantFrom('', VERSION, VERSION, 'latest'),
    WARMBAKE_BYPASS: fc.constantFrom('', '0', '1', 'true'),
  },
  { requiredKeys: [] },
);

it('no switch widens trust: context and image stay, caches are the same or fewer (L1)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...recordings), switched, async ([, env], switches) => {
      const plain = await explain(env);
      const other = await explain({ ...env, ...switches });
      // A refused build writes nothing; below it is one without context.
      const same = other.exitCode === 0 ? plain : other;
      expect(other.context).toEqual(same.context);
      expect(other.targets.map((t) => t.tags)).toEqual(same.targets.map((t) => t.tags));
      expect(written(plain)).toEqual(expect.arrayContaining([...written(other)]));
      expect(asked(plain)).toEqual(expect.arrayContaining([...asked(other)]));
    }),
    { numRuns: 150 },
  );
});
