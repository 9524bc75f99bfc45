/** How an image is to be run: the `config` of an {@linkcode ImageConfig}. */
export interface ContainerConfig {
  /** The user, by name or number, with an optional group behind a colon. */
  readonly User?: string | null;
  /** Ports that the container listens on, as `port[/protocol]`, each with an empty object. */
  readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  /** Environment variables, each `NAME=value`. */
  readonly Env?: readonly string[] | null;
  /** The command's fixed part. */
  readonly Entrypoint?: readonly string[] | null;
  /** The command's default arguments. */
  readonly Cmd?: readonly string[] | null;
  /** Directories that hold data of the container's own, each with an empty object. */
  readonly Volumes?: Readonly<Record<string, object>> | null;
  /** The working directory. */
  readonly WorkingDir?: string | null;
  /** Free metadata. */
  readonly Labels?: Readonly<Record<string, string>> | null;
  /** The signal that ends the container, such as `SIGKILL` or `SIGRTMIN+3`. */
  readonly StopSignal?: string | null;
  /** Whether the command is escaped already; Windows only, deprecated. */
  readonly ArgsEscaped?: boolean | null;
  /** Reserved by the specification: memory limit. */
  readonly Memory?: number | bigint | null;
  /** Reserved by the specification: total memory usage. */
  readonly MemorySwap?: number | bigint | null;
  /** Reserved by the specification: processor shares. */
  readonly CpuShares?: number | null;
  /** Reserved by the specification: how Docker asks whether the container is well. */
  readonly Healthcheck?: Healthcheck | null;
  /** Docker: the shell of commands that are one text. */
  readonly Shell?: readonly string[] | null;
  /** Docker: what a build on top of this image does first. */
  readonly OnBuild?: readonly string[] | null;
  /** Docker: seconds until a container that is told to stop is killed. */
  readonly StopTimeout?: number | null;
  /** Docker: the image that it was made from. */
  readonly Image?: string | null;
  /** Docker: the host's name. */
  readonly Hostname?: string | null;
  /** Docker: the host's domain. */
  readonly Domainname?: string | null;
  /** Docker: whether stdin is attached. */
  readonly AttachStdin?: boolean | null;
  /** Docker: whether stdout is attached. */
  readonly AttachStdout?: boolean | null;
  /** Docker: whether stderr is attached. */
  readonly AttachStderr?: boolean | null;
  /** Docker: whether there is a terminal. */
  readonly Tty?: boolean | null;
  /** Docker: whether stdin stays open. */
  readonly OpenStdin?: boolean | null;
  /** Docker: whether stdin closes after the first client. */
  readonly StdinOnce?: boolean | null;
  /** Docker: whether there is no network. */
  readonly NetworkDisabled?: boolean | null;
  /** Docker: the network card's address. */
  readonly MacAddress?: string | null;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/** How Docker asks whether a container is well. Times are in nanoseconds. */
export interface Healthcheck {
  /** The test: `NONE`, or `CMD` or `CMD-SHELL` with what follows. */
  readonly Test?: readonly string[];
  /** Time between two tests. */
  readonly Interval?: number;
  /** Time after which a test has failed. */
  readonly Timeout?: number;
  /** Time in which failures do not count. */
  readonly StartPeriod?: number;
  /** Time between two tests within the start period. */
  readonly StartInterval?: number;
  /** How many failures in a row say that it is not well. */
  readonly Retries?: number;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/** The layers that make an image's file system. */
export interface RootFs {
  /** Always `layers`. */
  readonly type: "layers";
  /** The digests of the uncompressed layers, base first. */
  readonly diff_ids: readonly string[];
}

/** How one layer came about. */
export interface History {
  /** When, RFC 3339. */
  readonly created?: string | null;
  /** By which command. */
  readonly created_by?: string | null;
  /** By whom. */
  readonly author?: string | null;
  /** A remark. */
  readonly comment?: string | null;
  /** Whether it made no layer. */
  readonly empty_layer?: boolean | null;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/**
 * An image's configuration. Optional fields may be `null`, which means absent.
 * Docker's has the same shape, with a few fields more.
 *
 * Follows image-spec `config.md`.
 */
export interface ImageConfig {
  /** When the image was made, RFC 3339. */
  readonly created?: string | null;
  /** Who made it. */
  readonly author?: string | null;
  /** The processor, by Go's names. */
  readonly architecture: string;
  /** The operating system, by Go's names. */
  readonly os: string;
  /** The operating system's version. */
  readonly "os.version"?: string | null;
  /** What the operating system must offer. */
  readonly "os.features"?: readonly string[] | null;
  /** The processor's variant. */
  readonly variant?: string | null;
  /** How it is to be run. */
  readonly config?: ContainerConfig | null;
  /** Its layers. */
  readonly rootfs: RootFs;
  /** How its layers came about, base first. */
  readonly history?: readonly History[] | null;
  /** Docker: the version that made the image. */
  readonly docker_version?: string | null;
  /** Docker: the container that the image was made from. */
  readonly container?: string | null;
  /** Docker: how that container ran. */
  readonly container_config?: ContainerConfig | null;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}
