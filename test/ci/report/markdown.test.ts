import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { code, markdown, markdownOf, markdownText } from '../../../src/ci/report/markdown.ts';

describe('an annotation', () => {
  it('has texts from outside as text', () => {
    const name = '**x** <img src=x onerror=alert(1)> [y](https://z) :boom:';
    expect(markdownText(markdown`- **${name}** built`)).toBe(
      '- **&#42;&#42;x&#42;&#42; &#60;img src&#61;x onerror&#61;alert&#40;1&#41;&#62; &#91;y&#93;&#40;https&#58;//z&#41; &#58;boom&#58;** built',
    );
  });

  it.each([
    ['1. one', '1&#46; one'],
    ['- one', '&#45; one'],
    ['www.example.com', 'www&#46;example.com'],
    ['a\n# b\r\n> c', 'a &#35; b &#62; c'],
    ['\u001B[31mred\u202E', 'red'],
    ['5 of 7 steps, 0.3 s; größer', '5 of 7 steps, 0.3 s; größer'],
  ])('has no structure from %j', (text, expected) => {
    expect(markdownText(markdown`${text}`)).toBe(expected);
  });

  it.each([
    ['r.io/app:1', '`r.io/app:1`'],
    ['a`b``c', '``` a`b``c ```'],
    ['`', '`` ` ``'],
    ['', '`  `'],
    ['<b>\n', '` <b>  `'],
  ])('has a reference as a code span: %j', (text, expected) => {
    expect(markdownText(code(text))).toBe(expected);
  });

  it('of lines and pieces is what they are', () => {
    const line = markdown`- ${markdownOf([code('a'), markdown` ${'*'}`], '')}`;
    expect(markdownText(markdownOf([line, markdown``], '\n'))).toBe('- `a` &#42;\n');
  });

  it('reads as what was put in, and holds nothing that Markdown or HTML begin with', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('ab1.-*_`<>&#;:[]()!|~\\"\'\n {}$@=+^')) }),
        (text) => {
          const written = markdownText(markdown`${text}`);
          expect(written.replaceAll(/&#\d+;/g, '')).toMatch(/^[\w ,./;?-]*$/);
          expect(written.replaceAll(/&#\d+;/g, '')).not.toMatch(/[_#&]/);
          const read = written.replaceAll(/&#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)));
          expect(read).toBe(text.replaceAll('\n', ' '));
        },
      ),
    );
  });

  it('cannot have a code span ended from inside', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('`ab <')) }), (text) => {
        const [, fence = '', inner = ''] = /^(`+)(.*[^`])\1$/.exec(markdownText(code(text))) ?? [];
        expect([...inner.matchAll(/`+/g)].map(([run]) => run)).not.toContain(fence);
        expect(inner).toContain(text);
      }),
    );
  });
});
