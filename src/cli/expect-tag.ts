import { type Input, type Option, textOption } from './command.ts';

/** For CI that computes the name of the image a second time. */
export const EXPECT_TAG_OPTION: Option = {
  flags: '--expect-tag <ref>',
  help: 'exit 3 where this build would push another image than REF, which others will pull',
};

/** The request's part of {@link EXPECT_TAG_OPTION}. */
export function expectedTag(input: Input): { readonly expectTag?: string } {
  const expectTag = textOption(input, 'expectTag');
  return expectTag === undefined ? {} : { expectTag };
}
