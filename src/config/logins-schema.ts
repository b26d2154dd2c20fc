import * as z from 'zod';
import { parseEcrHost } from '../registry/ecr-host.ts';
import { parseRepository } from '../registry/reference.ts';
import { roleArn } from './role-arn.ts';
import type { PullPlace } from './settings.ts';

/** A login to ECR is for repositories; one to any other registry is for the host, whatever is pulled from it. */
const pullPlace = z.string().transform((text, context): PullPlace => {
  const problem = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const [host = '', ...rest] = text.split('/');
  const path = rest.join('/');
  const ecr = parseEcrHost(host);
  if (ecr?.kind === 'private') {
    // The prefix is checked with a name in place of the star.
    const isPlace =
      path === '*' || parseRepository(`${host}/${path.replace(/(?<=[-_./])\*$/, 'x')}`) !== undefined;
    return isPlace
      ? { host, path }
      : problem(
          `'${text}' names no repository of ECR; write host/repository, or host/prefix/* for all below a prefix`,
        );
  }
  if (parseRepository(`${host}/x`) === undefined)
    return problem(`'${text}' is not a registry host; write host[:port], docker.io for Docker Hub`);
  return path === '' ? { host } : problem(`a login is for all of a host, not for '${text}'; write '${host}'`);
});

/** The `logins` section. */
export const logins = z
  .strictObject({
    credentials: z
      .enum(['session', 'job'])
      .default('session')
      .describe(
        "session: builds log in to ECR with a session of the role in assume; job: with the job's own rights, whole, in pull requests too",
      ),
    assume: z
      .strictObject({
        trusted: roleArn.describe("taken by trusted builds; the job's own rights where absent"),
        untrusted: roleArn.describe(
          "taken by other builds; the job's own rights, and a warning, where absent",
        ),
      })
      .prefault({})
      .describe('IAM roles that log in to ECR, narrowed to the repositories that the build may use'),
    pull: z
      .array(pullPlace)
      .optional()
      .describe(
        'where base images come from that need a login: hosts, and repositories of ECR; untrusted CI builds get no other logins of the machine',
      ),
  })
  .superRefine(({ credentials, assume }, context) => {
    if (assume.untrusted !== undefined && assume.untrusted === assume.trusted) {
      const message = `'${assume.untrusted}' is assume.trusted already: whoever may take it may write`;
      context.addIssue({ code: 'custom', path: ['assume', 'untrusted'], message });
    }
    if (credentials === 'job' && Object.values(assume).some((one) => one !== undefined)) {
      const message = 'no role is taken where credentials is job; remove one of the two';
      context.addIssue({ code: 'custom', path: ['credentials'], message });
    }
  })
  .prefault({})
  .describe('who logs in to registries, and what for');
