/** What is used of Auto Scaling's SDK: the installed program holds nothing else of it (`package/pieces.ts`). */
export {
  AutoScalingClient,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
  paginateDescribeAutoScalingGroups,
  paginateDescribeInstanceRefreshes,
  paginateDescribeLaunchConfigurations,
  paginateDescribeScalingActivities,
} from '@aws-sdk/client-auto-scaling';
