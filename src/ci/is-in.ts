import { type CiSystem, type Environment, surroundings } from './system.ts';

/** True in a job of that system, and in no other. */
export function isIn(env: Environment, system: CiSystem): boolean {
  const around = surroundings(env);
  return around.in === 'ci' && around.system === system;
}
