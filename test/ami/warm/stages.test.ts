import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stagesOf } from '../../../src/ami/warm/stages.ts';

const CUDA = `# syntax=docker/dockerfile:1
ARG BASE=ubuntu:22.04
ARG FINAL_BASE=\${BASE}
FROM \${BASE} AS base
RUN apt-get install -y python3 && \\
    # a comment inside of a continued line
    rm -rf /var/lib/apt/lists
FROM scratch AS tools
COPY tool /t
FROM base as csrc-Build
RUN --mount=type=cache,target=/root/.cache --mount=type=bind,from=tools,source=/t,target=/t make
FROM base AS dev
RUN echo "FROM base AS nothing"
FROM \${FINAL_BASE} AS runtime
COPY --chown=1:1 --from=csrc-build /out /out
COPY --from=nginx:latest /etc/nginx /etc/nginx
RUN <<EOF
FROM base AS inside
COPY --from=dev / /
EOF
FROM runtime AS test
COPY --from=1 /t /t
FROM runtime
`;

test.each([
  [
    'the stages that a target needs, in the order of the file',
    'test',
    {},
    ['base', 'tools', 'csrc-build', 'runtime', 'test'],
  ],
  ['a stage that nothing needs is left out', 'dev', {}, ['base', 'dev']],
  [
    'without a target it is the last stage, by its number',
    undefined,
    {},
    ['base', 'tools', 'csrc-build', 'runtime', '6'],
  ],
  ['names are compared without regard to case', 'CSRC-BUILD', {}, ['base', 'tools', 'csrc-build']],
  ['a number is a name', '1', {}, ['tools']],
  [
    'an argument can make another stage the base',
    'runtime',
    { FINAL_BASE: 'dev' },
    ['base', 'tools', 'csrc-build', 'dev', 'runtime'],
  ],
  ['no such stage', 'release', {}, undefined],
])('%s', (_, target, args, stages) => {
  expect(stagesOf(CUDA, target, args)).toEqual(stages);
});

test.each([
  ['${X:-default}', 'FROM a AS default\nFROM ${X:-default} AS b', ['default', 'b']],
  ['$X set by a global default', 'ARG X=default\nFROM a AS default\nFROM $X AS b', ['default', 'b']],
  ['a platform option', 'FROM a AS default\nFROM --platform=$BUILDPLATFORM default AS b', ['default', 'b']],
  [
    'an argument for the platform',
    'FROM a AS default-amd64\nFROM default-$TARGETARCH AS b',
    ['default-amd64', 'b'],
  ],
  ['another escape', '# escape=`\nFROM a AS default\nFROM default `\n AS b', ['default', 'b']],
  ['Windows line ends', 'FROM a AS default\r\nFROM default AS b\r\n', ['default', 'b']],
])('bases are found through %s', (_, dockerfile, stages) => {
  expect(stagesOf(dockerfile, 'b', {})).toEqual(stages);
});

test('a chain of stages is found whole, however it is linked', () => {
  const link = fc.constantFrom(
    (from: number, to: number) => `FROM s${from} AS s${to}\n`,
    (from: number, to: number) => `FROM scratch AS s${to}\nCOPY --from=s${from} / /\n`,
    (from: number, to: number) =>
      `FROM scratch AS s${to}\nRUN --mount=type=bind,from=s${from},target=/x true\n`,
  );
  fc.assert(
    fc.property(fc.array(link, { maxLength: 12 }), (links) => {
      const rest = links.map((make, i) => make(i, i + 1)).join('');
      const all = ['s0', ...links.map((_, i) => `s${i + 1}`)];
      expect(stagesOf(`FROM scratch AS s0\n${rest}`, all.at(-1), {})).toEqual(all);
    }),
  );
});
