/** Tags of a resource by key. */
export type Tags = Readonly<Record<string, string>>;

/** Tags that images and snapshots carry, with what they hold; all values are plain text. */
export const TAG = {
  /** Key of the family in the configuration. */
  family: 'warmbake:family',
  /** `candidate`, `published` or `revoked`. */
  state: 'warmbake:state',
  /** The run that built it: Buildkite's build id or `--run`. */
  run: 'warmbake:run',
  /** Commit whose layers it holds. */
  commit: 'warmbake:commit',
  /** Number of the build that made those layers. */
  build: 'warmbake:build',
  /** The image that it was built from. */
  base: 'warmbake:base',
  /** The proof: steps executed and loaded, bytes, seconds. */
  warmth: 'warmbake:warmth',
  /** What its disk brought an instance: how blocks came, seconds of the first build, seconds until all files were read. */
  disk: 'warmbake:disk',
  /** `failed TIME: why` where its canary has found it at fault, `proven TIME` where a later try has proved it. */
  canary: 'warmbake:canary',
  /** Seconds that Packer's instance ran for it. */
  buildSeconds: 'warmbake:build-seconds',
  /** Who revoked it. */
  revokedBy: 'warmbake:revoked-by',
  /** Why it was revoked. */
  reason: 'warmbake:reason',
  /** When it was revoked, ISO 8601. */
  revokedAt: 'warmbake:revoked-at',
  /** Its state before it was revoked. */
  before: 'warmbake:state-before',
  /** On snapshots, set before their image goes away: the image, so that what a failure leaves is found again. */
  image: 'warmbake:image',
  /** Zones in which its volumes come with their blocks (fast snapshot restore), and since when; `off` where no more. */
  fastRestore: 'warmbake:fast-restore',
  /** When a cleanup last began to delete it, ISO 8601; with ` kept` behind it once that is over and the image stays. */
  tried: 'warmbake:delete-tried',
  /** When a cleanup found that nobody needs it, ISO 8601: a later one deletes it, where that is still so. */
  condemned: 'warmbake:condemned',
  /** Set by people: the image or snapshot stays, whatever else is decided; the value says why. */
  keep: 'warmbake:keep',
} as const;
