import { code, markdown, markdownOf } from '../../ci/report/markdown.ts';
import { openReport } from '../../ci/report/open-report.ts';
import { WarmbakeError } from '../../platform/errors.ts';
import { warn } from '../../platform/events.ts';
import type { Host } from '../../platform/host.ts';
import { belongsTo, imageNamePrefix } from '../model/machine-image.ts';
import { costOf, costText } from '../status/cost.ts';
import type { OpenFamily } from './open-family.ts';

/** Says on the page of the build what the family takes a day; where there is none nothing is asked. No report decides a job. */
export async function reportCost(host: Host, { family, account }: OpenFamily): Promise<void> {
  const ci = openReport(host);
  if (ci.annotations === 'nowhere') return;
  try {
    const images = (await account.images.list(imageNamePrefix(family))).filter((one) =>
      belongsTo(one, family),
    );
    const days = costOf(images, { prices: family.prices, now: host.clock.now() });
    const lines = days.slice(0, 2).map((day) => markdown`- ${costText(day)}`);
    const head = markdown`Machine images of ${code(family.key)}: ${String(images.length)}`;
    const text = markdownOf([head, markdown``, ...lines], '\n');
    await ci.annotate(`warmbake-ami-${family.key}`, 'info', text);
  } catch (error) {
    if (!(error instanceof WarmbakeError)) throw error;
    warn(host.emit, 'cost-unknown', error.message);
  }
}
