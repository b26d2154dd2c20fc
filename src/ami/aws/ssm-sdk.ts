/** What is used of SSM's SDK: the installed program holds nothing else of it (`package/pieces.ts`). */
export {
  GetParameterCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
  paginateDescribeParameters,
  paginateGetParameterHistory,
} from '@aws-sdk/client-ssm';
