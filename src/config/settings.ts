import type { RepositoryId } from '../ci/repository-id.ts';
import type { Repository } from '../registry/reference.ts';
import type { WrittenTarget } from './target-schema.ts';

/**
 * A pair of repositories: what only the trusted build may write, and what every other build writes. In settings their paths can have
 * `${target}` in them; `refs/repositories.ts` gives those of a target.
 */
export interface TrustPair {
  readonly trusted: Repository;
  readonly untrusted: Repository;
}

/** A registry and two repositories in it, as a person writes them. */
export interface WrittenRepositories {
  readonly registry: string;
  readonly trusted: string;
  readonly untrusted: string;
}

/** Layer compression, as BuildKit names it. */
export type Compression = 'uncompressed' | 'gzip' | 'estargz' | 'zstd';

/** One bake target that the overlay defines. */
export interface TargetSettings {
  readonly name: string;
  /** Targets of the repository's own bake files (and `_ci` of the overlay), in bake's order of inheritance. */
  readonly inherits: readonly string[];
  /** Dockerfile stage; absent where the inherited one stands. */
  readonly stage?: string;
  /** Variant with other content for the same commit; part of every ref and file name. '' is the plain one. */
  readonly lane: string;
  readonly cache: { readonly mode: 'min' | 'max'; readonly compression: Compression };
  readonly image: {
    readonly compression: Compression;
    readonly push: boolean;
    /** Templates of further tags that trusted builds write; absent where there are none. */
    readonly tags?: readonly string[];
    /** Further compressions that it is published in; absent where there are none. */
    readonly also?: readonly Compression[];
  };
  /** Build arguments of this target, templates resolved per build. */
  readonly args: Readonly<Record<string, string>>;
  /** Name of the target that this one is in another compression; absent for the targets of the configuration. */
  readonly variantOf?: string;
  /** Repositories of its own, as templates; absent where it has none. */
  readonly repositories?: { readonly images: TrustPair; readonly cache: TrustPair };
  /** The entry of the file, without defaults; absent where several entries or none stand behind it. */
  readonly written?: WrittenTarget;
}

/** Which git tags are releases. */
export interface ReleaseSettings {
  /** Patterns of names; `*` stands for any part of one between slashes. */
  readonly tags: readonly string[];
  /** Branches that releases come from, besides the trusted one. */
  readonly branches: readonly string[];
}

/** Where builds run; see `bake/builder.ts` for the order of choice. */
export interface BuilderSettings {
  /** A BuildKit socket on this machine, dialled first. */
  readonly socket?: string;
  /** Name of the builder to reuse or to create. */
  readonly name: string;
  /** Pinned BuildKit image of a new docker-container builder; without it none is created. */
  readonly image?: string;
}

/** sccache as the Dockerfile sees it. Equal for every trust level: the values are part of the compile layer's key. */
export interface SccacheSettings {
  readonly enabled: boolean;
  readonly bucket: string;
  readonly region: string;
  /** What keys begin with, without slashes at its ends; '' for the whole bucket. */
  readonly prefix: string;
  /** `http(s)://host[:port]` of an S3-compatible service; AWS where absent. */
  readonly endpoint?: string;
  /** Reads a public bucket without credentials. */
  readonly anonymous: boolean;
  /** Id of the build secret that the Dockerfile mounts for credentials; absent where the host's role is enough. */
  readonly secret?: string;
  /** `job` hands the job's own credentials to every RUN step that mounts the secret, whoever wrote it. */
  readonly credentials: 'session' | 'job';
  /** ARNs of the roles whose sessions RUN steps get, by the trust of the build. */
  readonly assume: { readonly trusted?: string; readonly untrusted?: string };
  /** Credentials that end sooner are warned about. */
  readonly credentialsLastMs: number;
  /** Days after which objects expire. */
  readonly expireDays: number;
  /** Names or ARNs of IAM roles. */
  readonly roles: {
    readonly trusted: readonly string[];
    readonly untrusted: readonly string[];
    readonly imageBuilder: readonly string[];
  };
  /** Names of the Dockerfile's build arguments. */
  readonly arguments: {
    readonly enabled: string;
    readonly bucket: string;
    readonly region: string;
    readonly anonymous: string;
    readonly prefix: string;
    readonly endpoint: string;
  };
}

/** Where base images come from: a host, or of ECR one repository or all below a prefix (`*` at the end). */
export interface PullPlace {
  readonly host: string;
  readonly path?: string;
}

/** Who logs in to registries for builds, and what for. */
export interface LoginSettings {
  /** `job` logs in to ECR with the job's own rights, whole: they are narrow already. */
  readonly credentials: 'session' | 'job';
  /** ARNs of the roles whose sessions log in to ECR, by the trust of the build. */
  readonly assume: { readonly trusted?: string; readonly untrusted?: string };
  /** Where base images come from that need a login; absent where nobody has said. */
  readonly pull?: readonly PullPlace[];
}

/** Names of the annotations every image gets. */
export interface AnnotationNames {
  readonly buildNumber: string;
  readonly buildId: string;
  readonly revision: string;
}

/** The configuration after parsing, defaults and rules. */
export interface Settings {
  /** Git top level of the working directory, else the working directory: paths in the file are relative to it. */
  readonly root: string;
  readonly repository: RepositoryId;
  readonly trustedBranch: string;
  /** Absent where no git tag is a release. */
  readonly releases?: ReleaseSettings;
  readonly images: TrustPair;
  readonly cache: TrustPair & {
    /** At most so many sources are imported. */
    readonly maxSources: number;
    /** Templates (`commit`, `lane`, `laneSuffix`) of extra references that trusted builds export to. */
    readonly alsoExport: readonly string[];
  };
  readonly bake: {
    /** The repository's own bake files, relative to `root`. */
    readonly files: readonly string[];
    /** Variables set for bake; values are templates. */
    readonly variables: Readonly<Record<string, string>>;
    /** Variables of `variables` that the files need not declare. */
    readonly optional: readonly string[];
    /** Names taken from the environment on purpose. */
    readonly passthrough: readonly string[];
    /** Names of variables, build arguments, labels and annotations that may differ between two commits. */
    readonly perCommit: readonly string[];
    /** Paths outside of the checkout that the definition may read. */
    readonly allow: readonly string[];
    /** Privileges that it may use, as `--allow` of bake names them, and `ssh=ID`. */
    readonly permit: readonly string[];
    /** Build arguments of every target; values are templates. */
    readonly args: Readonly<Record<string, string>>;
    readonly annotations: AnnotationNames;
  };
  readonly logins: LoginSettings;
  readonly targets: readonly TargetSettings[];
  /** `images` and `cache` as they are written, for what targets say otherwise; absent where no file was read. */
  readonly written?: Readonly<Record<'images' | 'cache', WrittenRepositories>> & {
    readonly tags?: readonly string[];
  };
  /** Names of what is built where nothing is named; empty: all targets. */
  readonly default: readonly string[];
  readonly builder: BuilderSettings;
  readonly sccache?: SccacheSettings;
  readonly compat: {
    /** Also ask for the names that the older scripts gave to branches. */
    readonly oldNames: boolean;
  };
  /** File whose presence says that this machine's image is warm. */
  readonly marker: string;
}
