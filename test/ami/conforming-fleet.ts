import type { Fleet } from '../../parts/moto/fleet.ts';
import { DOCUMENTS } from '../../src/cli/documents.ts';
import { conforming } from '../../parts/ci-job/conforming.ts';

/** The fleet, where every JSON document that a command prints is held against its schema. */
export function conformingFleet<F extends Fleet>(fleet: F): F {
  return {
    ...fleet,
    run: async (...argv) => {
      const ran = await fleet.run(...argv);
      const [, name = ''] = argv;
      const isDocument = argv.includes('--json') && DOCUMENTS.some((known) => known.name === name);
      // `ami hold` prints what it did, not the hold.
      if (isDocument && name !== 'hold' && !ran.out.includes('"error": {\n    "code"'))
        await conforming(name, ran.out);
      return ran;
    },
  };
}
