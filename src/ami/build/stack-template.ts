import { parseDocument } from 'yaml';
import * as z from 'zod';
import { parseImageId, type ImageId } from '../model/ids.ts';

/** The image of a template, or one phrase that says why there is none. */
export type TemplateImage = { readonly image: ImageId } | { readonly fault: string };

/** `Mappings.AWSRegion2AMI.<region>.linuxamd64`, as the Elastic CI stack for AWS has it since 5.0. */
const shape = z.object({
  Mappings: z.object({ AWSRegion2AMI: z.record(z.string(), z.object({ linuxamd64: z.unknown() })) }),
});

/**
 * The Linux image for `region` in the text of an Elastic CI stack template. CloudFormation's short tags (`!Ref`, `!Sub` …)
 * are unknown to a YAML parser, which takes what they mark as it stands; none of that is read here.
 */
export function imageInTemplate(text: string, region: string): TemplateImage {
  const document = parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) return { fault: `it is not YAML: ${error.message.split('\n', 1)[0] ?? ''}` };
  const parsed = shape.safeParse(document.toJS());
  if (!parsed.success) return { fault: 'it has no Mappings.AWSRegion2AMI' };
  const entry = parsed.data.Mappings.AWSRegion2AMI[region];
  if (entry === undefined) return { fault: `Mappings.AWSRegion2AMI has no region ${region}` };
  const id = entry.linuxamd64;
  const image = typeof id === 'string' ? parseImageId(id) : undefined;
  return image === undefined ? { fault: `'${String(id)}' for ${region} is not an image id` } : { image };
}
