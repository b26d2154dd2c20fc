import { describe, expect, it } from 'vitest';
import { dockerfileStages, hasStage } from '../../src/bake/stages.ts';

function has(dockerfile: string, stage: string, syntax?: string): boolean | undefined {
  const stages = dockerfileStages(dockerfile, syntax === undefined ? {} : { syntax });
  return stages === undefined ? undefined : hasStage(stages, stage);
}

describe('a Dockerfile has the stage', () => {
  it.each([
    ['named after AS', 'FROM alpine AS build', 'build'],
    ['in any case', 'from alpine as Build', 'bUILD'],
    ['with a platform', 'FROM --platform=$BUILDPLATFORM alpine AS build', 'build'],
    ['by its number', 'FROM a\nFROM b AS x', '1'],
    ['over several lines', 'FROM \\\n  # why\n  alpine \\\n\n  AS build', 'build'],
    ['with another escape', '# escape=`\nFROM alpine `\n  AS build', 'build'],
    ['written on Windows', 'FROM alpine AS build\r\nRUN x\r\n', 'build'],
    ["of Docker's own frontend", '# syntax=docker/dockerfile:1.7-labs\nFROM a AS build', 'build'],
    [
      'and of the newest',
      '# check=error=true\n#syntax = docker.io/docker/dockerfile-upstream:master\nFROM a AS b',
      'b',
    ],
  ])('%s', (_, dockerfile, stage) => expect(has(dockerfile, stage)).toBe(true));
});

describe('a Dockerfile does not have the stage', () => {
  it.each([
    ['of another name', 'FROM alpine AS build', 'biuld'],
    ['that a comment names', 'FROM a AS x\n# FROM alpine AS build', 'build'],
    ['whose number is too high', 'FROM a\nFROM b AS x', '2'],
    ['that is an image', 'FROM alpine', 'alpine'],
  ])('%s', (_, dockerfile, stage) => expect(has(dockerfile, stage)).toBe(false));
});

describe('nobody says what stages there are', () => {
  it.each([
    ['of another frontend', '# syntax=example.com/mockerfile:1\napiVersion: v1', undefined],
    ['after a shebang', '#!/usr/bin/env x\n# syntax = example.com/x -a\nFROM a', undefined],
    ['in the other comments', '// syntax=example.com/x\n{}', undefined],
    ['in JSON', '{"syntax": "example.com/x"}', undefined],
    ['of a build argument', 'FROM a AS x', 'example.com/x'],
  ])('%s', (_, dockerfile, syntax) => expect(has(dockerfile, 'x', syntax)).toBeUndefined());

  it('but a comment after the first instruction names no frontend', () => {
    expect(has('FROM a AS x\n# syntax=example.com/x', 'y')).toBe(false);
  });
});
