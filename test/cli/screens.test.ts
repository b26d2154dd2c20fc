import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Look } from '../../src/cli/door.ts';
import { columnsOf } from '../../src/cli/fit.ts';
import { pagePainter } from '../../src/cli/page.ts';
import { headedLines } from '../../src/cli/paint.ts';
import { contextLines, targetLines } from '../../src/image-step/plan-document.ts';
import type { TargetPlan } from '../../src/image-step/target-plan.ts';
import { targetParts } from '../../src/image-step/target-parts.ts';
import type { PagePart } from '../../src/platform/events.ts';
import { contextOf } from '../refs/any-build.ts';
import { anyPlan, digestOf, plansOf, settingsWith } from './any-plan.ts';

function painted(parts: readonly PagePart[], columns?: number): readonly string[] {
  const look: Look = {
    colour: false,
    log: 'plain',
    ...(columns === undefined ? {} : { columns: () => columns }),
  };
  return parts.flatMap(pagePainter(look)).flatMap((line) => (typeof line === 'string' ? [line] : []));
}

const shownTargets = (targets: readonly TargetPlan[], columns?: number): readonly string[] =>
  painted(targetParts(targets, targetLines), columns);

const ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const PLACES = { images: 'registry.example.com/acme', cache: ECR, path: '' };
const PULL_REQUEST = contextOf(
  { BUILDKITE_PULL_REQUEST: '7', BUILDKITE_BRANCH: 'faster', BUILDKITE_PULL_REQUEST_BASE_BRANCH: 'main' },
  '',
);

/** A rebased pull request: main's cache of the merge base and its own are found. */
function rebased(targets: Readonly<Record<string, string>>, path = ''): readonly TargetPlan[] {
  if (PULL_REQUEST === undefined) throw new Error('no build');
  return plansOf(PULL_REQUEST, settingsWith({ ...PLACES, path }, targets), (at, ref) => {
    if (at === 4) return { state: 'found', digest: digestOf('a') };
    if (at === 5) return { state: 'surplus', because: 'the one before it was found' };
    if (ref.includes(':pr-7')) return { state: 'found', digest: digestOf('b') };
    return ref.includes(':latest') ? { state: 'duplicate', digest: digestOf('a') } : { state: 'missing' };
  });
}

describe('the plan of a pull request', () => {
  it('in 80 columns says registries once, and each role in a line', () => {
    expect(shownTargets(rebased({ app: '' }), 80)).toEqual([
      `registry ${ECR}: main/cache, test/cache`,
      'registry registry.example.com/acme/test: images',
      '',
      'target   app',
      '  commit      missing    0123456789ab… in both repositories',
      '  parent      missing    bbbbbbbbbbbb… in both repositories',
      '  merge-base  found      main/cache:cccccccccccc…',
      '  own         found      test/cache:pr-7',
      '  main        duplicate  main/cache:latest (same as merge-base)',
      '  export                 test/cache:0123456789ab…',
      '  then                   test/cache:pr-7',
      'push     images:0123456789ab…',
      'output   type=registry',
      'decision build: images:0123456789ab… does not exist',
    ]);
  });

  it('where lines have no end has every ref as it is, for those who search it', () => {
    const lines = shownTargets(rebased({ app: '', worker: 'w' }));
    expect(lines.filter((line) => line.includes('…') || line.includes('registry '))).toEqual([]);
    expect(lines.filter((line) => line.endsWith(`${ECR}/test/cache:pr-7-w`))).toHaveLength(2);
  });

  it('of targets whose chains agree has one chain, with what differs as the configuration writes it', () => {
    expect(shownTargets(rebased({ app: '', worker: 'w', docs: 'd' }, '/${target}'), 80)).toEqual([
      `registry ${ECR}: main/cache/\${target},`,
      '         test/cache/${target}',
      'registry registry.example.com/acme/test: images/${target}',
      '',
      'targets  app, worker (lane w), docs (lane d)',
      '  commit      missing    0123456789ab…${laneSuffix} in both repositories',
      '  parent      missing    bbbbbbbbbbbb…${laneSuffix} in both repositories',
      '  merge-base  found      main/cache/${target}:cccccccccccc…${laneSuffix}',
      '  own         found      test/cache/${target}:pr-7${laneSuffix}',
      '  main        duplicate  main/cache/${target}:latest${laneSuffix} (same as',
      '                         merge-base)',
      '  export                 test/cache/${target}:0123456789ab…${laneSuffix}',
      '  then                   test/cache/${target}:pr-7${laneSuffix}',
      'push     images/${target}:0123456789ab…${laneSuffix}',
      'output   type=registry',
      'decision build: images/${target}:0123456789ab…${laneSuffix} does not exist',
    ]);
  });

  it('of targets whose chains differ has a chain for each', () => {
    const [app, worker] = rebased({ app: '', worker: 'w' });
    const cold = {
      ...worker!,
      sources: worker!.sources.map(({ role, ref }) => ({ role, ref, state: 'missing' as const })),
    };
    const lines = shownTargets([app!, cold], 80);
    expect(lines.filter((line) => line.startsWith('target '))).toEqual(['target   app', 'target   worker']);
    expect(lines.join('\n')).not.toContain('${');
  });
});

it('no line of a plan of any configuration is wider than the screen, but for a word that stands alone', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(anyPlan, fc.constantFrom(40, 80, 120, 200), ({ context, targets }, columns) => {
      const head = contextLines(context).map((text): PagePart => ({ type: 'line', text }));
      const lines = [...painted(head, columns), ...shownTargets(targets, columns)];
      expect(lines.filter((line) => columnsOf(line) > columns && line.trim().includes(' '))).toEqual([]);
    }),
  );
});

it('what a plan says of any configuration where lines have no end names every ref in full', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(anyPlan, ({ targets }) => {
      const text = shownTargets(targets).join('\n');
      for (const { tags, exportTo } of targets) {
        for (const { host, path, tag } of [...tags, ...exportTo])
          expect(text).toContain(`${host}/${path}:${tag}`);
      }
    }),
  );
});

it('a message is wrapped below its head, and what is for copying stays as it is', () => {
  const look: Look = { colour: false, log: 'plain', columns: () => 50 };
  const commit = '26b3797d54a1b6f3c1c1e3d6f0a9b8c7d6e5f4a3';
  const text = `registry.example.com/app:${commit} holds another image`;
  expect(headedLines(look, 'error:', { text, colour: 'red' })).toEqual([
    'error: registry.example.com/app:26b3797d54a1…',
    '  holds another image',
  ]);
  expect(headedLines(look, '  hint:', { text, colour: 'bold', exact: true })).toEqual([
    '  hint:',
    registryAlone(commit),
    '    holds another image',
  ]);
});

function registryAlone(commit: string): string {
  return `registry.example.com/app:${commit}`;
}
