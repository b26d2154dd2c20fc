import type { Part } from './part.ts';

/** Where the engine comes from: somebody else's, or programs (folders for PATH and LD_LIBRARY_PATH) to start one with. */
export type EngineSource =
  | { readonly kind: 'existing'; readonly dockerHost: string }
  | { readonly kind: 'own'; readonly path: readonly string[]; readonly libraries: string };

/** A buildx plugin; `version` as `0.13.1`, `plugin` is its path. */
export interface Plugin {
  readonly version: string;
  readonly plugin: string;
}

/** Where the registry comes from: a program, or an image that the existing engine holds. */
export type RegistrySource =
  | { readonly kind: 'program'; readonly path: string }
  | { readonly kind: 'image'; readonly dockerHost: string };

/** Where the base image comes from: a static busybox, or an image that the existing engine holds. */
export type BusyboxSource = { readonly kind: 'program'; readonly path: string } | { readonly kind: 'image' };

/** An SSH server, and the folders that its libraries are looked for in, `:` between them. */
export interface SshdSource {
  readonly program: string;
  readonly libraries: string;
}

/** A shell: a program, its own functions (where they are not where it looks by itself), and folders of its libraries. */
export interface ShellSource {
  readonly program: string;
  readonly functions?: string;
  readonly libraries: string;
}

/** Every real part of the tests and the demo. */
export interface Parts {
  readonly engine: Part<EngineSource>;
  /** Docker's `docker-init`, which an engine of our own starts builders of the docker-container driver with: a program. */
  readonly init: Part<string>;
  /** The newest buildx there is. */
  readonly buildx: Part<Plugin>;
  /** One from before object-form cache entries, `--list` and typed variables: 0.13 to 0.16. */
  readonly oldBuildx: Part<Plugin>;
  readonly registry: Part<RegistrySource>;
  readonly busybox: Part<BusyboxSource>;
  /** Packer 1.6.6 or later, a program. */
  readonly packer: Part<string>;
  readonly sshd: Part<SshdSource>;
  /** Root directory with a C compiler, its libraries and an sccache without S3 support, to be copied into an image. */
  readonly compiler: Part<string>;
  /** An sccache with S3 support, a program that runs beside the compiler. */
  readonly sccache: Part<string>;
  readonly zsh: Part<ShellSource>;
  readonly fish: Part<ShellSource>;
}

export const REGISTRY_IMAGE = 'registry:2';
export const BUSYBOX_IMAGE = 'busybox:stable';

/** Why a part is missing that nothing stands against. */
export const NOT_FETCHED = 'neither on this machine nor fetched';
