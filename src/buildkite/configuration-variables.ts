/**
 * What every job of a pipeline knows of the configuration: its file, and that a build of another branch takes it from where it left
 * the trusted one. Named here, because the pipeline's own default branch can be another.
 */
export function configurationVariables(
  config: string,
  trustedBranch: string,
): Readonly<Record<'WARMBAKE_CONFIG' | 'WARMBAKE_CONFIG_FROM', string>> {
  return { WARMBAKE_CONFIG: config, WARMBAKE_CONFIG_FROM: `merge-base:${trustedBranch}` };
}
