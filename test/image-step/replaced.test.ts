import { describe, expect, it } from 'vitest';
import { targetsOf } from '../../src/bake/definition.ts';
import { replacedOf, replacedText } from '../../src/image-step/replaced.ts';

function replaced(target: object): ReturnType<typeof replacedOf> {
  return replacedOf(targetsOf({ target: { app: target } }).get('app'));
}

describe('what a bake file says about results, and a build does not do', () => {
  it('is told: tags, outputs and cache exports, of older and newer buildx', () => {
    const entries = {
      tags: ['a/b:c', ''],
      output: ['type=docker'],
      'cache-to': [{ type: 'gha', scope: 'x', mode: 'max' }],
    };
    expect(replaced(entries)).toEqual({
      tags: ['a/b:c'],
      output: ['type=docker'],
      cacheTo: ['type=gha,scope=x'],
    });
    expect(replacedText(replaced(entries)!)).toBe(
      'tags a/b:c; output type=docker; cache-to type=gha,scope=x',
    );
  });

  it('without what can be a credential (L9)', () => {
    const text = JSON.stringify(
      replaced({
        'cache-to': ['type=s3,bucket=b,access_key_id=AKIA1,secret_access_key=hush,session_token=hush'],
        output: ['type=local,dest=out,token=hush'],
      }),
    );
    expect(text).not.toMatch(/hush|AKIA/);
    expect(text).toContain('type=s3,bucket=b');
  });

  it('is not what an image has that is left in the engine', () => {
    const { app } = { app: { tags: ['a/b:c'], output: ['type=docker', 'type=local,dest=out'] } };
    const brought = targetsOf({ target: { app } }).get('app');
    expect(replacedOf(brought, { loaded: true })).toEqual({
      tags: [],
      output: ['type=local,dest=out'],
      cacheTo: [],
    });
  });

  it.each([{}, { output: ['type=cacheonly'] }, { tags: [''] }])('is nothing in %j', (target) => {
    expect(replaced(target)).toBeUndefined();
  });
});
