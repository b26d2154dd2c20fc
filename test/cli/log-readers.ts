/** Models of what takes commands from a log, for tests. Each tells what it was told. */

/** Commands that GitHub's runner knows (docs.github.com/actions, "Workflow commands", and its source for the old ones). */
const KNOWN: ReadonlySet<string> = new Set([
  'error',
  'warning',
  'notice',
  'debug',
  'group',
  'endgroup',
  'add-mask',
  'stop-commands',
  'set-output',
  'set-env',
  'add-path',
  'save-state',
  'echo',
  'add-matcher',
  'remove-matcher',
]);

/** A command that GitHub's runner took. */
export interface GithubCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** What a comparison by a culture's rules does not see. */
const IGNORED = /[\u0000-\u0008\u000E-\u001F\u007F-\u009F]|\p{DI}|\p{Cf}|\p{M}/gu;
const COLOURS = /\u001B\[[\d;:]*m/g;

/**
 * Commands as GitHub's runner takes them: `::name k=v,k=v::data` where a line begins with it but for white space, `##[name k=v;k=v]data`
 * anywhere in it. Every line is also read as somebody would to whom colours, or characters that a culture ignores, are nothing.
 */
export function githubCommands(log: string): readonly GithubCommand[] {
  return log.split(/\r\n|[\r\n]/).flatMap((line) => {
    const bare = line.replaceAll(COLOURS, '');
    const seen = [line, bare, line.replaceAll(IGNORED, ''), bare.replaceAll(IGNORED, '')];
    const found = seen.map((text) => newForm(text) ?? oldForm(text)).find((one) => one !== undefined);
    return found === undefined ? [] : [found];
  });
}

function newForm(line: string): GithubCommand | undefined {
  const [, head, data] = /^\s*::(.*?)::(.*)$/.exec(line) ?? [];
  return head === undefined || data === undefined ? undefined : commandOf(head, ',', data);
}

function oldForm(line: string): GithubCommand | undefined {
  const [, head, data] = /##\[(.*?)\](.*)$/.exec(line) ?? [];
  return head === undefined || data === undefined ? undefined : commandOf(head, ';', data);
}

function commandOf(head: string, between: string, data: string): GithubCommand | undefined {
  const [, name = '', rest = ''] = /^(\S*) ?(.*)$/.exec(head) ?? [];
  if (!KNOWN.has(name.toLowerCase())) return undefined;
  const pairs = rest
    .trim()
    .split(between)
    .flatMap((pair) => {
      const [, key, value] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      return key === undefined || value === undefined ? [] : [[key, unescaped(value)] as const];
    });
  return { name, properties: Object.fromEntries(pairs), data: unescaped(data) };
}

function unescaped(text: string): string {
  return text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
}

/** A marker that GitLab took. */
export interface GitlabMarker {
  readonly action: 'start' | 'end';
  readonly seconds: number;
  readonly name: string;
  readonly collapsed: boolean;
}

/** Section markers as GitLab finds them, anywhere in a log (docs.gitlab.com/ci/jobs/job_logs, "Custom collapsible sections"). */
export function gitlabMarkers(log: string): readonly GitlabMarker[] {
  const marker = /section_(start|end):(\d+):([A-Za-z0-9_.-]+)(\[[\w=, ]*\])?\r\u001B\[0K/g;
  return [...log.matchAll(marker)].map(([, action, seconds, name = '', options = '']) => ({
    action: action === 'start' ? 'start' : 'end',
    seconds: Number(seconds),
    name,
    collapsed: options.includes('collapsed=true'),
  }));
}

/** Lines that Buildkite's agent takes for groups: colours do not count. */
export function buildkiteGroups(log: string): readonly string[] {
  return log
    .replaceAll(COLOURS, '')
    .split('\n')
    .filter((line) => /^(?:---|\+\+\+|~~~|\^\^\^)/.test(line));
}
