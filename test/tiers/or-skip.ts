import { PartMissing } from '../../parts/part.ts';

/** What a test has to start by itself; where a part for it is missing the test is skipped, or fails with WARMBAKE_REQUIRE_PARTS=1. */
export async function orSkip<T>(starting: Promise<T>, skip: (because: string) => never): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    if (!(error instanceof PartMissing)) throw error;
    if (process.env['WARMBAKE_REQUIRE_PARTS'] === '1' && !error.cannotBeHad) throw error;
    return skip(error.message);
  }
}
