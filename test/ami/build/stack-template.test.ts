import { expect, test } from 'vitest';
import { imageInTemplate } from '../../../src/ami/build/stack-template.ts';

/** As the Elastic CI stack has it: short tags in all three shapes, around the mapping that is read. */
const TEMPLATE = `
Conditions:
  Spot: !Not [!Equals [!Ref SpotPrice, 0]]
Mappings:
  AWSRegion2AMI:
    us-east-1: { linuxamd64: ami-04ca34320055d861c, linuxarm64: ami-0aaaaaaaaaaaaaaaa, windows: ami-0bbbbbbbbbbbbbbbb }
    eu-west-1: { linuxamd64: null }
    eu-west-2: { linuxamd64: "\${ImageId}" }
Resources:
  AgentLaunchTemplate:
    Properties:
      UserData: !Base64
        Fn::Sub: !Sub
          - "\${Name}"
          - Name: !GetAtt Group.Arn
`;

test('the image of a region is read past all short tags', () => {
  expect(imageInTemplate(TEMPLATE, 'us-east-1')).toEqual({ image: 'ami-04ca34320055d861c' });
});

test.each([
  ['a region that it has not', TEMPLATE, 'ap-south-1', 'Mappings.AWSRegion2AMI has no region ap-south-1'],
  [
    'no id (incident 017b479: yq printed "null")',
    TEMPLATE,
    'eu-west-1',
    "'null' for eu-west-1 is not an image id",
  ],
  ['a placeholder', TEMPLATE, 'eu-west-2', "'${ImageId}' for eu-west-2 is not an image id"],
  ['an error page', '<html>not found</html>', 'us-east-1', 'it has no Mappings.AWSRegion2AMI'],
  ['an empty file', '', 'us-east-1', 'it has no Mappings.AWSRegion2AMI'],
])('%s is refused', (_, text, region, fault) => {
  expect(imageInTemplate(text, region)).toEqual({ fault });
});

test('a broken template is refused with the place', () => {
  expect(imageInTemplate('Mappings: [', 'us-east-1')).toMatchObject({
    fault: expect.stringMatching(/^it is not YAML: .* line 1/),
  });
});
