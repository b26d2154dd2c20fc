import { beforeEach } from 'vitest';
import { findMoto } from '../../parts/moto/server.ts';

/**
 * For files whose tests need moto: true where there is one. Elsewhere each test is reported as skipped with the reason, or
 * as failed with WARMBAKE_REQUIRE_PARTS=1.
 */
export async function needsMoto(): Promise<boolean> {
  const part = await findMoto(process.env);
  beforeEach(({ skip }) => {
    if (part.state === 'here') return;
    if (process.env['WARMBAKE_REQUIRE_PARTS'] === '1') throw new Error(part.because);
    skip(part.because);
  });
  return part.state === 'here';
}
