/**
 * Outputs as GitHub's runner reads them from the file of a step: `name=text`, or `name<<END`, lines, `END` (docs.github.com/actions,
 * "Workflow commands", "Setting an output parameter", "Multiline strings"). Throws where the runner would fail the step.
 */
export function githubOutputs(text: string): Readonly<Record<string, string>> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  while (lines.length > 0) {
    const line = lines.shift() ?? '';
    if (line === '') continue;
    const [, name = '', mark = '', rest = ''] = /^(.+?)(=|<<)(.*)$/.exec(line) ?? [];
    if (mark === '=') {
      outputs[name] = rest;
      continue;
    }
    const end = lines.indexOf(rest);
    if (mark === '' || rest === '' || end < 0) throw new Error(`no output: ${line}`);
    outputs[name] = lines
      .splice(0, end + 1)
      .slice(0, -1)
      .join('\n');
  }
  return outputs;
}
