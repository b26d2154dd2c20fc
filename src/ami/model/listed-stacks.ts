/**
 * From so many stacks on all stacks of the region are read in pages, and not each by its name: DescribeStacks takes one name or none,
 * and CloudFormation answers ten requests a second or so.
 */
export const LISTED_FROM = 10;
