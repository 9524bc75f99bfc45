/** What a group of commands may have to be allowed, under Deno. */
export interface PermissionGroup {
  /** What the commands do. */
  readonly purpose: string;
  /** The commands, without the program's name. */
  readonly commands: readonly string[];
  /**
   * The flags of `deno run`; what stands in angle brackets is for the caller to fill in.
   * Several flags of one kind add up.
   */
  readonly flags: readonly string[];
}

/** The registry; where it is spoken to by TLS, the system's authorities too. */
const REGISTRY = ["--allow-net=<registry>"] as const;

/** For registries that want to know who is there. */
const CREDENTIALS = [
  "--allow-env=DOCKER_CONFIG,HOME",
  "--allow-read=<credentials>",
] as const;

/** What something is made of, and where it goes. */
const FILES = [
  "--allow-read=<files>",
  "--allow-read=<output>",
  "--allow-write=<output>",
] as const;

/** For what is kept in a temporary file meanwhile. */
const TEMPORARY = [
  "--allow-env=TMPDIR",
  "--allow-read=<temporary>",
  "--allow-write=<temporary>",
] as const;

/** What stands for each word in angle brackets. */
export const PLACES: readonly (readonly [place: string, meaning: string])[] = [
  ["<registry>", "its host:port, and that of whoever gives out its tokens"],
  ["<credentials>", "the folder of DOCKER_CONFIG, or ~/.docker"],
  ["<files>", "what the arguments and flags name for reading"],
  ["<output>", "what is written"],
  ["<temporary>", "the system's folder for temporary files, such as /tmp"],
  ["<listen>", "the address of --listen, and the host of --webhook"],
  ["<root>", "the folder of --root"],
];

/** All groups; every command with a `load` of its own is in one. */
export const PERMISSION_GROUPS: readonly PermissionGroup[] = [
  {
    purpose: "Ask for nothing",
    commands: ["version", "completion"],
    flags: [],
  },
  {
    purpose: "Look at files",
    commands: ["hash", "layer ls", "layer digest"],
    flags: ["--allow-read=<files>"],
  },
  {
    purpose: "Look at files or a registry",
    commands: ["validate"],
    flags: ["--allow-read=<files>", ...REGISTRY, ...CREDENTIALS],
  },
  {
    purpose: "Make files",
    commands: ["layer diff", "layer pack"],
    flags: ["--allow-env=SOURCE_DATE_EPOCH", ...FILES],
  },
  {
    purpose: "Keep a registry's users",
    commands: ["htpasswd"],
    flags: FILES,
  },
  {
    purpose: "Unpack layers",
    commands: ["layer unpack"],
    // Who the user is tells whether owners can be kept.
    flags: ["--allow-sys=uid", ...FILES],
  },
  {
    purpose: "Look at a registry",
    commands: [
      "resolve",
      "inspect",
      "discover",
      "repo ls",
      "repo tags",
      "manifest fetch",
      "manifest fetch-config",
      "blob head",
      "auth token",
      "auth whoami",
    ],
    flags: [...REGISTRY, ...CREDENTIALS],
  },
  {
    purpose: "Change a registry without files",
    commands: [
      "tag",
      "untag",
      "manifest delete",
      "blob delete",
      "blob cp",
      "cp",
      "manifest index create",
      "manifest index update",
    ],
    flags: [...REGISTRY, ...CREDENTIALS],
  },
  {
    purpose: "Pull files",
    commands: ["pull", "blob fetch", "backup"],
    flags: [
      ...REGISTRY,
      ...CREDENTIALS,
      "--allow-read=<output>",
      "--allow-write=<output>",
    ],
  },
  {
    purpose: "Push files",
    commands: [
      "push",
      "attach",
      "manifest push",
      "blob push",
      "image append",
      "restore",
    ],
    flags: [...REGISTRY, ...CREDENTIALS, "--allow-read=<files>", ...TEMPORARY],
  },
  {
    purpose: "Keep registries in step",
    commands: ["sync"],
    flags: [
      ...REGISTRY,
      ...CREDENTIALS,
      "--allow-read=<files>",
      // Which the parser of YAML looks at.
      "--allow-env=LOG_STREAM,LOG_TOKENS",
    ],
  },
  {
    purpose: "Log in",
    commands: ["login"],
    flags: [...REGISTRY, ...CREDENTIALS, "--allow-write=<credentials>"],
  },
  {
    purpose: "Log out",
    commands: ["logout"],
    flags: [...CREDENTIALS, "--allow-write=<credentials>"],
  },
  {
    purpose: "Be a registry",
    commands: ["serve"],
    flags: [
      "--allow-net=<listen>",
      "--allow-read=<files>",
      "--allow-read=<root>",
      "--allow-write=<root>",
    ],
  },
];

/** The group of a command; undefined where it is in none. */
export function permissionsOf(path: string): PermissionGroup | undefined {
  const name = path.replace(/^\S+ /, "");
  return PERMISSION_GROUPS.find(({ commands }) =>
    commands.some((one) => name === one || name.startsWith(`${one} `))
  );
}
