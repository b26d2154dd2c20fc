import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CommandSpec } from '../src/cli/command.ts';
import { COMMANDS } from '../src/cli/program.ts';

const ROOT = path.join(import.meta.dirname, '..');

const names = (await readdir(path.join(ROOT, 'docs'))).filter((name) => name.endsWith('.md'));
const pages = new Map(
  await Promise.all(
    ['README.md', ...names.map((name) => `docs/${name}`)].map(
      async (page) => [page, await readFile(path.join(ROOT, page), 'utf8')] as const,
    ),
  ),
);
const specs = new Map<string, CommandSpec>(
  await Promise.all(COMMANDS.map(async ({ name, load }) => [name, await load()] as const)),
);

/** Code in the running text, without its back-ticks; a table's cell writes `|` as `\|`. */
function inlineCode(text: string): readonly string[] {
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code.replaceAll(String.raw`\|`, '|'));
}

/** Lines of the blocks that a reader types. */
function typedLines(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^ *```\w*\n([\s\S]*?)^ *```/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    [...block.matchAll(/^(?:\$ |.*: {2})?((?:warmbake|sh ci\/warmbake\.sh) [a-z].*)$/gm)].map(
      ([, line = '']) => line,
    ),
  );
}

/** The command lines of a text, each from the first word after `warmbake`. */
function commandLines(text: string): readonly string[] {
  const groups = new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''));
  const inline = inlineCode(text).flatMap((code) => {
    if (/^(?:warmbake|sh ci\/warmbake\.sh) [^ ]/.test(code)) return [code];
    // Short for `warmbake ami roll`, `warmbake plan --json`.
    const [first = '', second = ''] = code.split(' ');
    const isShort = groups.has(first) && (specs.has(`${first} ${second}`) || second.startsWith('--'));
    return isShort ? [`warmbake ${code}`] : [];
  });
  return [...inline, ...typedLines(text)].map((line) =>
    line.replace(/^(?:warmbake|sh ci\/warmbake\.sh) /, '').replace(/ *(?:[|>]|\s#).*$/, ''),
  );
}

/** As a shell splits them; what stands in brackets is left out by those who want to. */
function wordsOf(line: string): readonly string[] {
  const words = line.replaceAll(/[[\]]/g, '').match(/'[^']*'|"[^"]*"|[^\s'"]+/g) ?? [];
  return words.map((word) => word.replaceAll(/^(['"])(.*)\1$/g, '$2'));
}

/** Why the program would not take this line; nothing where it does. */
function refusal(line: string): string | undefined {
  const words = wordsOf(line);
  const name = [words.slice(0, 2).join(' '), words[0] ?? ''].find((known) => specs.has(known));
  const spec = specs.get(name ?? '');
  if (name === undefined || spec === undefined) return `${line}: no such command`;
  const command = new Command(name).exitOverride().configureOutput({ writeErr: () => undefined });
  for (const argument of spec.args?.split(' ') ?? [])
    command.argument(argument.replace('<', '[').replace('>', ']'));
  for (const { flags } of spec.options) command.option(flags);
  command
    .option('--json')
    .option('--wide')
    .allowExcessArguments(false)
    .action(() => undefined);
  try {
    command.parse(words.slice(name.split(' ').length), { from: 'user' });
    return undefined;
  } catch (error) {
    return `${line}: ${String(error)}`;
  }
}

/** The anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe.each([...pages])('%s', (page, text) => {
  it('names files that are there', () => {
    const files = inlineCode(text).filter((code) =>
      /^(?:src|test|bake|docs|package|parts|packer|\.ci)\/[\w./-]*$/.test(code),
    );
    expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });

  it('links to pages and headings that are there', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links
      .filter((link) => !link.startsWith('https://'))
      .filter((link) => {
        const [to = '', anchor] = link.split('#');
        const target = to === '' ? page : path.join(path.dirname(page), to);
        if (!existsSync(path.join(ROOT, target))) return true;
        return anchor !== undefined && !anchorsOf(pages.get(target) ?? '').includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it('shows command lines that the program takes', () => {
    expect(commandLines(text).flatMap((line) => refusal(line) ?? [])).toEqual([]);
  });

  it('names options that a command has', () => {
    const flags = [...specs.values()].flatMap(({ options }) => options.map(({ flags: each }) => each));
    const known = new Set(['--json', '--wide', '--help', ...flags.map((each) => each.split(' ')[0] ?? '')]);
    const others = new Set(['--print', '--list', '--link', '--set', '--global']);
    const named = inlineCode(text).flatMap((code) => /^--[a-z-]+/.exec(code)?.[0] ?? []);
    expect(named.filter((option) => !known.has(option) && !others.has(option))).toEqual([]);
  });
});

it('every command is named in the README', () => {
  const text = pages.get('README.md') ?? '';
  const rows = text.split('\n').filter((line) => line.startsWith('| `warmbake '));
  const named = rows.flatMap((row) => {
    const [, cell = ''] = row.split('|');
    const [first = '', ...more] = [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
    const [group = '', word = ''] = first.replace('warmbake ', '').split(' ');
    if (specs.has(group)) return [group];
    return [word, ...more.map((code) => code.split(' ')[0] ?? '')].map((each) => `${group} ${each}`);
  });
  expect(named.toSorted()).toEqual([...specs.keys()].toSorted());
});

it('every example of --help is a line that the program takes', () => {
  const examples = [...specs.values()].flatMap((spec) => spec.examples);
  const lines = examples.map((example) => /\bwarmbake ([^|>)]*)/.exec(example)?.[1] ?? example);
  expect(lines.flatMap((line) => refusal(line.trim()) ?? [])).toEqual([]);
});

it("every --help begins with a word of plain English: no name of the code's own", () => {
  const all = [...specs].map(([name, { description }]) => [name, description] as const);
  expect(all.filter(([, description]) => !/^[A-Z][a-z]*[ :,]/.test(description))).toEqual([]);
});

it('pages find their readers: the README leads to each', () => {
  const text = pages.get('README.md') ?? '';
  expect(names.filter((name) => !text.includes(`](docs/${name}`))).toEqual([]);
});
