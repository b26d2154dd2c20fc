import { expect, test } from 'vitest';
import { wholeList } from '../../../src/ami/aws/whole-list.ts';

const NAME = { action: 'ec2:DescribeInstances', subject: 'all instances' };

async function* pagesOf(tokens: readonly (string | undefined)[]) {
  for (const [at, NextToken] of tokens.entries()) {
    yield { Instances: [at], ...(NextToken === undefined ? {} : { NextToken }) };
    await Promise.resolve();
  }
}

test.each([
  ['one page', [undefined], 1],
  ['pages that lead on', ['a', 'b', undefined], 3],
  ['an empty token at the end', ['a', ''], 2],
])('a list of %s is whole', async (_, tokens, pages) => {
  expect(await wholeList(pagesOf(tokens), { name: NAME, field: 'Instances' })).toHaveLength(pages);
});

test.each([
  ['itself', ['a', 'a', undefined]],
  ['an earlier one', ['a', 'b', 'a', undefined]],
])('a page that leads to %s is no list: neither an endless one nor a short one', async (_, tokens) => {
  await expect(wholeList(pagesOf(tokens), { name: NAME, field: 'Instances' })).rejects.toMatchObject({
    kind: 'outside',
    code: 'aws-list-endless',
    message: 'ec2:DescribeInstances (all instances) answered a page that leads to one before it',
  });
});
