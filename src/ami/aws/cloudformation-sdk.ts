/** What is used of CloudFormation's SDK: the installed program holds nothing else of it (`package/pieces.ts`). */
export {
  CloudFormationClient,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  paginateDescribeStacks,
} from '@aws-sdk/client-cloudformation';
