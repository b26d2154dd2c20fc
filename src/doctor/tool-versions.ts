import { type Version, isOlder, versionText } from '../ami/packer/version.ts';
import { type Finished, explainExit, succeeded } from '../platform/process.ts';
import { type DoctorFinding, failed, ok, warning } from './finding.ts';

/** The first version in a text: `git version 2.39.5`, `github.com/docker/buildx v0.29.1 abc`, `Docker version 28.5.2, build …`. */
export function versionIn(text: string): Version | undefined {
  const [, major, minor, patch] = /(?:^|[ v])(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch ?? 0)];
}

/** `safe.bareRepository`, without which a folder of a pull request can pass for a repository (git 2.38 release notes). */
const GUARDED_GIT: Version = [2, 38, 0];
/** `--filter=tree:0` of a fetch (git 2.20 release notes). */
const OLDEST_GIT: Version = [2, 20, 0];

/** Judges `git --version`. */
export function gitFinding(finished: Finished): DoctorFinding {
  const check = 'git';
  const needs = 'commit, merge base and configuration of the trusted branch come from it';
  const fix = 'install git 2.38 or later';
  if (!succeeded(finished))
    return failed(check, { text: `git does not run (${explainExit(finished)}): ${needs}`, fix });
  const version = versionIn(finished.stdout);
  if (version === undefined) return warning(check, { text: 'git does not say which version it is', fix });
  const text = versionText(version);
  if (isOlder(version, OLDEST_GIT)) {
    return failed(check, { text: `${text} cannot fetch history without files: ${needs}`, fix });
  }
  if (isOlder(version, GUARDED_GIT)) {
    const risk = 'a folder that a pull request brings can pass for a repository, with settings of its own';
    return warning(check, { text: `${text} does not know safe.bareRepository: ${risk}`, fix });
  }
  return ok(check, text);
}

/** The oldest that is supported: what bakes the artifacts of others, too. */
const OLDEST_BUILDX: Version = [0, 13, 0];
const BUILDX_FIX =
  'install the package docker-buildx-plugin (docker-buildx on Debian), 0.13 or later, or put the program docker-buildx into ~/.docker/cli-plugins';

/** Judges `buildx version`; `throughDocker` where the plugin itself was not found. */
export function buildxFinding(
  finished: Finished,
  { program, throughDocker }: { readonly program: string; readonly throughDocker: boolean },
): DoctorFinding {
  const check = 'buildx';
  if (!succeeded(finished)) {
    const text = throughDocker
      ? `the docker command has no buildx (${explainExit(finished)}): nothing can be evaluated or built`
      : `${program} does not run (${explainExit(finished)}): nothing can be evaluated or built`;
    return failed(check, { text, fix: BUILDX_FIX });
  }
  const version = versionIn(finished.stdout);
  if (version === undefined) {
    return warning(check, { text: `${program} does not say which version it is`, fix: BUILDX_FIX });
  }
  const text = `${versionText(version)} (${program})`;
  return isOlder(version, OLDEST_BUILDX)
    ? failed(check, {
        text: `${text} is too old: 0.13 is the oldest that reads what is baked`,
        fix: BUILDX_FIX,
      })
    : ok(check, text);
}

/** Judges `docker --version`: the command is needed only where the plugin is not called by itself, or the engine is elsewhere. */
export function dockerFinding(
  finished: Finished,
  { needed }: { readonly needed: string | undefined },
): DoctorFinding {
  const check = 'docker';
  if (succeeded(finished)) {
    const version = versionIn(finished.stdout);
    return ok(check, version === undefined ? finished.stdout.trim() : versionText(version));
  }
  const text = `the docker command does not run (${explainExit(finished)})`;
  const fix = 'install the Docker CLI with buildx 0.13 or later';
  return needed === undefined
    ? ok(check, 'not installed, and not needed: buildx and engine are asked without it')
    : failed(check, { text: `${text}, and ${needed}`, fix });
}

/** Judges `buildkite-agent --version`; no build fails of its absence. */
export function agentFinding(finished: Finished): DoctorFinding {
  const check = 'buildkite-agent';
  const version = versionIn(finished.stdout);
  if (succeeded(finished)) return ok(check, version === undefined ? 'is there' : versionText(version));
  return warning(check, {
    text: `buildkite-agent does not run (${explainExit(finished)}): no artifact, annotation or meta-data of a build is sent`,
    fix: 'put it on PATH; in a container, mount it and pass BUILDKITE_AGENT_ACCESS_TOKEN',
  });
}
