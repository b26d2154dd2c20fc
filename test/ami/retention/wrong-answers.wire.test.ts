import { beforeAll, describe, expect, test } from 'vitest';
import { openAccount } from '../../../src/ami/aws/account.ts';
import { clean, type CleanReport } from '../../../src/ami/retention/clean.ts';
import { WarmbakeError } from '../../../src/platform/errors.ts';
import { MOTO_CREDENTIALS } from '../../../parts/moto/server.ts';
import { FAMILY } from '../family.ts';
import { fakeClock } from '../fake/clock.ts';
import { imageId, rightAnswer, scriptedAws, type Asked, type Said } from './scripted-aws.ts';

beforeAll(() => {
  Object.assign(process.env, MOTO_CREDENTIALS);
});

const DELETES = new Set(['DeregisterImage', 'DeleteSnapshot']);
const WRITES = new Set([...DELETES, 'CreateTags']);

async function cleanUp(say: (asked: Asked, number: number) => Said) {
  const { fetch, asked } = scriptedAws(say);
  const signal = new AbortController().signal;
  const family = { ...FAMILY, stacks: ['main'], keep: { ...FAMILY.keep, newest: 2 } };
  const report = await clean(
    openAccount({ fetch, signal }, 'us-east-1'),
    { clock: fakeClock(), signal },
    {
      family,
      dryRun: false,
      rollouts: [],
    },
  ).catch((error: unknown) => error);
  return { report, asked };
}

/** Whether it says that something could not be read, in a way that ends with exit code 5. */
function isSaid(report: unknown): boolean {
  if (report instanceof WarmbakeError) return report.kind === 'outside';
  const { missing, lines } = report as CleanReport;
  return missing.length > 0 || lines.some(({ outcome }) => outcome === 'failed');
}

const bodyOf = (said: Said): string => (typeof said === 'string' ? said : said.body);
const isJson = (said: Said): boolean => bodyOf(said).startsWith('{');

/** All come with status 200. */
const WRONG: Readonly<Record<string, (asked: Asked) => string>> = {
  'nothing at all': () => '',
  'blank lines': () => '\n\n',
  'the page of a proxy': () => '<!DOCTYPE html><html><body><h1>It works!</h1></body></html>',
  'the page of a proxy in XML': () =>
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>',
  'foreign XML': () => '<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>',
  'foreign JSON': () => '{"ok":true}',
  'what was asked for, cut off': (asked) => bodyOf(rightAnswer(asked)).slice(0, -12),
  'half of what was asked for': (asked) =>
    bodyOf(rightAnswer(asked)).slice(0, bodyOf(rightAnswer(asked)).length / 2),
  'the answer to another action': (asked) =>
    isJson(rightAnswer(asked))
      ? '{"Tags":[]}'
      : '<DescribeRegionsResponse><regionInfo/></DescribeRegionsResponse>',
  'an answer without what it is about': (asked) =>
    isJson(rightAnswer(asked))
      ? '{}'
      : `<${asked.action}Response><requestId>r</requestId></${asked.action}Response>`,
  'an error of the service': (asked) =>
    isJson(rightAnswer(asked))
      ? '{"__type":"InternalServerError"}'
      : '<Response><Errors><Error><Code>Unavailable</Code></Error></Errors></Response>',
};

describe('absent is not unreadable', () => {
  test('with right answers the two oldest images go', async () => {
    const { asked, report } = await cleanUp(rightAnswer);
    expect((report as CleanReport).missing).toEqual([]);
    expect(asked.filter(({ action }) => action === 'DeregisterImage')).toHaveLength(2);
  });

  test.each(Object.entries(WRONG))(
    '%s, in place of any answer: it is said, and nothing is deleted from then on',
    async (_, wrong) => {
      const { asked: undisturbed } = await cleanUp(rightAnswer);
      const reads = undisturbed.flatMap((one, index) => (WRITES.has(one.action) ? [] : [index + 1]));
      expect(reads.length).toBeGreaterThanOrEqual(50);
      for (const at of reads) {
        const { report, asked } = await cleanUp((one, number) =>
          number === at ? wrong(one) : rightAnswer(one),
        );
        const instead = asked[at - 1];
        // With whom an image is shared, what it is and whether it was wanted at the end is about that image only.
        const isLastLook =
          instead?.action === 'GetParameter' &&
          asked.slice(Math.max(0, at - 3), at).some(({ action }) => action === 'DeregisterImage');
        const isAboutOne = instead?.action === 'DescribeImageAttribute' || instead?.name.startsWith('ami-');
        const isAbout = ({ name }: Asked): boolean => !isLastLook && (!isAboutOne || name === instead?.name);
        const after = asked.slice(at).filter((one) => DELETES.has(one.action) && isAbout(one));
        // Two groups of readings run side by side: whether a deletion comes before is decided by none of them.
        expect({ at, instead, said: isSaid(report), after }).toEqual({ at, instead, said: true, after: [] });
      }
    },
  );

  test.each([
    ['without a creation date', /<creationDate>[^<]*<\/creationDate>/, ''],
    ['with an empty creation date', /<creationDate>[^<]*</, '<creationDate><'],
    ['with an odd creation date', /<creationDate>[^<]*</, '<creationDate>yesterday<'],
    ['without an id', /<imageId>[^<]*<\/imageId>/, ''],
    ['without a state', /<imageState>[^<]*<\/imageState>/, ''],
  ])('an image %s is said before anything is deleted', async (_, what, instead) => {
    const { report, asked } = await cleanUp((one) => {
      const right = rightAnswer(one);
      return one.action === 'DescribeImages' ? bodyOf(right).replace(what, instead) : right;
    });
    expect(report).toMatchObject({ kind: 'outside', code: 'aws-incomplete' });
    expect(asked.filter(({ action }) => WRITES.has(action))).toEqual([]);
  });

  test('the value of another parameter does not pass for the one that was asked for', async () => {
    const { report } = await cleanUp((one) =>
      rightAnswer(one.action === 'GetParameter' ? { ...one, name: '/other' } : one),
    );
    const [missing] = (report as CleanReport).missing;
    expect(missing).toMatch(
      /^ssm:GetParameter \(\/ci\/app-image(?:\/hold)?\) answered with parameter '\/other'$/,
    );
  });

  test('an instance whose image the answer leaves out is in use by we do not know what', async () => {
    const { report } = await cleanUp((one) => {
      const right = rightAnswer(one);
      return one.action === 'DescribeInstances'
        ? bodyOf(right).replace(`<imageId>${imageId(0)}</imageId>`, '')
        : right;
    });
    expect((report as CleanReport).missing).toEqual([
      'ec2:DescribeInstances (all instances) answered without ImageId',
    ]);
  });

  const denied = { status: 400, body: '{"__type":"AccessDeniedException","message":"not you"}' };
  const withType = async (DataType: string) =>
    await cleanUp((one) => {
      if (one.action === 'GetParameters') return denied;
      if (one.action !== 'DescribeParameters') return rightAnswer(one);
      return JSON.stringify({ Parameters: [{ Name: '/other', Type: 'String', Version: 3, DataType }] });
    });

  test('a parameter that SSM knows as an image and that may not be read keeps everything', async () => {
    const { report } = await withType('aws:ec2:image');
    expect((report as CleanReport).missing).toEqual(['parameter /other names an image, and may not be read']);
  });

  test('any other text that may not be read is passed over', async () => {
    const { report, asked } = await withType('text');
    expect((report as CleanReport).missing).toEqual([]);
    expect(asked.filter(({ action }) => action === 'DeregisterImage')).toHaveLength(2);
  });

  test('encrypted parameters are not asked for', async () => {
    const { asked } = await cleanUp((one) =>
      one.action === 'DescribeParameters'
        ? JSON.stringify({ Parameters: [{ Name: '/secret', Type: 'SecureString', Version: 1 }] })
        : rightAnswer(one),
    );
    expect(asked.filter(({ action }) => action === 'GetParameters')).toEqual([]);
  });
});
