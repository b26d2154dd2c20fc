import * as field from './fields.ts';

/** An IAM role that is taken: its name alone would not tell the account. */
export const roleArn = field
  .form(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, 'ARN of an IAM role')
  .optional();
