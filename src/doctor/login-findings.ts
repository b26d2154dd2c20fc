import type { Credential } from '../registry/credential.ts';
import type { LoginSource } from '../registry/docker-config.ts';
import type { LoginGrant } from '../registry/login-grant.ts';
import { type DoctorFinding, ok, skipped, warning } from './finding.ts';
import { parseEcrHost } from '../registry/ecr-host.ts';

/** Where the login of one registry comes from. */
export interface FoundLogin {
  readonly host: string;
  readonly credential: Credential;
  /** What docker's own configuration has for it. */
  readonly source: LoginSource;
  readonly grant: LoginGrant;
}

/** Where a login comes from; whether it works is told by what is read and pushed with it. */
export function loginFinding({ host, credential, source, grant }: FoundLogin): DoctorFinding {
  const check = 'login';
  const ecr = parseEcrHost(host);
  if (credential.kind === 'anonymous') {
    const because = credential.because === undefined ? '' : `: ${credential.because}`;
    const text = `${host} is asked anonymously${because}`;
    if (credential.because === undefined) return ok(check, text);
    return warning(check, {
      text,
      fix:
        ecr === undefined
          ? `log in again (docker login ${host}), or repair the credential helper`
          : grant.ecr === undefined
            ? 'give this job AWS credentials (a role, a profile): ecr:GetAuthorizationToken must be allowed'
            : `let this job take the role ${grant.ecr.role} (sts:AssumeRole here and in the role's trust policy)`,
    });
  }
  if (ecr !== undefined && grant.ecr !== undefined) {
    return ok(check, `${host}: a session of ${grant.ecr.role}`);
  }
  if (ecr !== undefined && credential.kind === 'basic' && credential.username === 'AWS') {
    return ok(check, `${host}: a token of AWS, with the rights of this job`);
  }
  switch (source.kind) {
    case 'helper':
      return ok(check, `${host}: docker's credential helper '${source.name}'`);
    case 'file':
      return ok(check, `${host}: docker's own configuration`);
    case 'none':
      return skipped(check, `${host}: where its login comes from is not known`);
  }
}
