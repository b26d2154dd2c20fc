/** Whether one of the patterns of a policy matches a text: IAM's `*` stands for anything, slashes too. */
export function policyGlobs(patterns: readonly string[]): (text: string) => boolean {
  const forms = patterns.map((pattern) => {
    const escaped = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    return new RegExp(`^${escaped.join('.*')}$`, 's');
  });
  return (text) => forms.some((form) => form.test(text));
}
