/** `help plan` and `ami help roll` as `plan --help` and `ami roll --help`: only a command that is called has options. */
export function withoutHelpCommand(argv: readonly string[], groups: readonly string[]): readonly string[] {
  const [first = '', second, ...rest] = argv;
  if (first === 'help') return [...argv.slice(1), '--help'];
  return groups.includes(first) && second === 'help' ? [first, ...rest, '--help'] : argv;
}
