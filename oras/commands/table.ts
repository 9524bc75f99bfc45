import type { Command } from "./_command.ts";
import {
  concurrency,
  DEBUG,
  DESCRIPTOR,
  FORMAT,
  NO_TTY,
  PLATFORM,
  PRETTY,
  REGISTRY_CONFIG,
  REMOTE,
  VERBOSE,
} from "./flags.ts";

const REFERENCE = "<name>{:<tag>|@<digest>}";

const DOCKER_CONFIG: readonly [string, string] = [
  "DOCKER_CONFIG",
  "folder of the credential file config.json; ~/.docker where not set",
];

const SHORT_NAMES = [
  "A name without a registry host, such as alpine or me/app, is one of Docker Hub.",
];

const PUSH: Command = {
  name: "push",
  purpose: "Push files and directories to a registry",
  usage: "[flags] <name>[:<tag>[,<tag>][...]] <file>[:<type>] [...]",
  notes: [
    "Directories go as tar+gzip and come back as directories. Without a tag the",
    "artifact is pushed by its digest.",
    ...SHORT_NAMES,
  ],
  examples: [
    { title: "Push a file", line: "push localhost:5000/hello:v1 hi.txt" },
    {
      title: "Push a directory and a file with its own media type",
      line: "push localhost:5000/hello:v1 site/ data.json:application/json",
    },
    {
      title: "Push a file whose name has a colon",
      line: "push localhost:5000/hello:v1 hi:txt:",
    },
    {
      title: "Push under several tags",
      line: "push localhost:5000/hello:v1,latest hi.txt",
    },
    {
      title: "Say what kind of artifact it is",
      line:
        "push --artifact-type application/vnd.example+type localhost:5000/hello:v1 hi.txt",
    },
    {
      title: "Add a config and annotations",
      line:
        "push --config config.json:application/vnd.me.config -a key=value localhost:5000/hello:v1 hi.txt",
    },
  ],
  arity: { min: 1, meaning: "the destination for pushing" },
  flags: [
    {
      name: "annotation",
      short: "a",
      kind: "stringArray",
      value: "key=value",
      purpose: "annotate the manifest",
    },
    {
      name: "annotation-file",
      kind: "string",
      value: "path",
      purpose: "read annotations of manifest, config and files from JSON",
    },
    {
      name: "artifact-type",
      kind: "string",
      value: "type",
      purpose: "what kind of artifact it is",
    },
    {
      name: "artifact-platform",
      kind: "string",
      value: "os[/arch][/variant][:os_version]",
      purpose: "the platform that the artifact is for",
    },
    {
      name: "config",
      kind: "string",
      value: "path[:type]",
      purpose: "the file to use as config",
    },
    {
      name: "disable-path-validation",
      kind: "bool",
      purpose: "allow absolute paths",
    },
    {
      name: "image-spec",
      kind: "string",
      value: "v1.1|v1.0",
      choices: ["v1.1", "v1.0"],
      purpose:
        "version of the manifest; v1.1, and v1.0 with --config but no --artifact-type",
      check: (value) =>
        value === "v1.1" || value === "v1.0"
          ? undefined
          : `unknown image specification flag: ${value}\nAvailable options: v1.1, v1.0`,
    },
    concurrency(5),
    {
      name: "export-manifest",
      kind: "string",
      value: "path",
      purpose: "also write the manifest to this file",
      group: "Output flags",
    },
    FORMAT,
    NO_TTY,
    ...REMOTE,
    DEBUG,
    VERBOSE,
  ],
  environment: [
    DOCKER_CONFIG,
    [
      "SOURCE_DATE_EPOCH",
      "seconds since 1970: the artifact's time, and the latest time of files in directories",
    ],
  ],
  load: () => import("./push.ts"),
};

const PULL: Command = {
  name: "pull",
  purpose: "Pull files and directories from a registry",
  usage: `[flags] ${REFERENCE}`,
  notes: [
    "Every file is verified before it appears under its name. Nothing is written",
    "outside the output directory.",
    ...SHORT_NAMES,
  ],
  examples: [
    { title: "Pull into this directory", line: "pull localhost:5000/hello:v1" },
    {
      title: "Pull into another one, by digest",
      line: "pull -o out localhost:5000/hello@sha256:…",
    },
    {
      title: "Also save the config",
      line: "pull --config config.json localhost:5000/hello:v1",
    },
    {
      title: "List what was pulled as JSON",
      line: "pull --format json localhost:5000/hello:v1",
    },
  ],
  arity: { min: 1, max: 1, meaning: "the artifact reference you want to pull" },
  flags: [
    {
      name: "output",
      short: "o",
      kind: "string",
      value: "directory",
      preset: ".",
      purpose: "where to put the files",
    },
    {
      name: "keep-old-files",
      short: "k",
      kind: "bool",
      purpose: "fail rather than replace a file",
    },
    {
      name: "allow-path-traversal",
      short: "T",
      kind: "bool",
      purpose: "let files be written outside the output directory (dangerous)",
    },
    {
      name: "include-subject",
      kind: "bool",
      purpose: "pull the subject's files too",
    },
    {
      name: "config",
      kind: "string",
      value: "path[:type]",
      purpose: "save the config to this file, if it has that type",
    },
    PLATFORM,
    concurrency(3),
    FORMAT,
    NO_TTY,
    ...REMOTE,
    DEBUG,
    VERBOSE,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./pull.ts"),
};

const TAG: Command = {
  name: "tag",
  purpose: "Give a manifest in a registry more tags",
  usage: `[flags] ${REFERENCE} <new_tag> [...]`,
  examples: [
    { title: "Tag v1 as stable", line: "tag localhost:5000/hello:v1 stable" },
    {
      title: "Tag a digest twice",
      line: "tag localhost:5000/hello@sha256:… v1 latest",
    },
  ],
  arity: {
    min: 1,
    meaning: "the artifact to be retagged and the tags to be added",
  },
  flags: [concurrency(5), ...REMOTE, DEBUG, VERBOSE],
  environment: [DOCKER_CONFIG],
  load: () => import("./tag.ts"),
};

const RESOLVE: Command = {
  name: "resolve",
  aliases: ["digest"],
  purpose: "Print the digest that a reference stands for",
  usage: `[flags] ${REFERENCE}`,
  examples: [
    { title: "Print the digest", line: "resolve localhost:5000/hello:v1" },
    {
      title: "Print the whole reference, with the digest",
      line: "resolve -l localhost:5000/hello:v1",
    },
  ],
  arity: {
    min: 1,
    max: 1,
    meaning: "the target artifact reference to resolve",
  },
  flags: [
    {
      name: "full-reference",
      short: "l",
      kind: "bool",
      purpose: "print the reference with the digest",
      group: "Output flags",
    },
    PLATFORM,
    ...REMOTE,
    DEBUG,
    VERBOSE,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./resolve.ts"),
};

const LOGIN: Command = {
  name: "login",
  purpose: "Log in to a registry",
  usage: "[flags] <registry>",
  notes: [
    "The credential is tried at the registry before it is stored. What is not given",
    "by flags is asked for on the terminal.",
  ],
  examples: [
    { title: "Be asked for user and password", line: "login localhost:5000" },
    {
      title: "Read the password from stdin",
      line: "login -u me --password-stdin localhost:5000",
    },
  ],
  arity: { min: 1, max: 1, meaning: "the registry to log in to" },
  flags: [...REMOTE, DEBUG, VERBOSE],
  environment: [DOCKER_CONFIG],
  load: () => import("./login.ts"),
};

const LOGOUT: Command = {
  name: "logout",
  purpose: "Forget the credential of a registry",
  usage: "[flags] <registry>",
  examples: [{ title: "Log out", line: "logout localhost:5000" }],
  arity: { min: 1, max: 1, meaning: "the registry you want to log out" },
  flags: [REGISTRY_CONFIG, DEBUG],
  environment: [DOCKER_CONFIG],
  load: () => import("./logout.ts"),
};

const SERVE: Command = {
  name: "serve",
  purpose: "Run a registry",
  usage: "[flags]",
  notes: [
    "Prints one line, `Listening on URL`, once it accepts connections. Below --root",
    "each repository is an OCI image layout, readable by other tools.",
  ],
  examples: [
    {
      title: "A registry in memory on a free port",
      line: "serve --listen 127.0.0.1:0",
    },
    { title: "One that keeps what is pushed", line: "serve --root ./registry" },
    {
      title: "One with users and TLS",
      line:
        "serve --root ./registry --htpasswd users --tls-cert cert.pem --tls-key key.pem",
    },
  ],
  arity: { min: 0, max: 0, meaning: "" },
  flags: [
    {
      name: "listen",
      kind: "string",
      value: "host:port",
      preset: "127.0.0.1:5000",
      purpose: "the address to listen on; port 0 takes a free one",
    },
    {
      name: "root",
      kind: "string",
      value: "directory",
      purpose: "keep content in this directory",
    },
    {
      name: "memory",
      kind: "bool",
      purpose: "keep content in memory, the default",
    },
    {
      name: "htpasswd",
      kind: "string",
      value: "path",
      purpose: "ask for a user of this file (bcrypt)",
    },
    { name: "read-only", kind: "bool", purpose: "refuse whatever writes" },
    {
      name: "tls-cert",
      kind: "string",
      value: "path",
      purpose: "serve HTTPS with this certificate chain, PEM",
    },
    {
      name: "tls-key",
      kind: "string",
      value: "path",
      purpose: "private key of --tls-cert, PEM",
    },
  ],
  load: () => import("./serve.ts"),
};

const REPO: Command = {
  name: "repo",
  aliases: ["repository"],
  purpose: "Work with repositories",
  commands: [
    {
      name: "ls",
      aliases: ["list"],
      purpose: "List the repositories of a registry",
      usage: "[flags] <registry>",
      notes: [
        "With a namespace behind the registry only what is below that is listed.",
      ],
      examples: [
        { title: "List them all", line: "repo ls localhost:5000" },
        {
          title: "List those below a name",
          line: "repo ls localhost:5000/team",
        },
      ],
      arity: {
        min: 1,
        max: 1,
        meaning: "the target registry to list repositories from",
      },
      flags: [
        {
          name: "last",
          kind: "string",
          value: "repository",
          purpose: "start after this repository",
        },
        FORMAT,
        ...REMOTE,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./repo_ls.ts"),
    },
    {
      name: "tags",
      aliases: ["show-tags"],
      purpose: "List the tags of a repository",
      usage: "[flags] <name>",
      examples: [
        { title: "List them all", line: "repo tags localhost:5000/hello" },
        {
          title: "List those that mean the same as v1",
          line: "repo tags localhost:5000/hello:v1",
        },
      ],
      arity: {
        min: 1,
        max: 1,
        meaning: "the target repository to list tags from",
      },
      flags: [
        {
          name: "last",
          kind: "string",
          value: "tag",
          purpose: "start after this tag",
        },
        {
          name: "exclude-digest-tags",
          kind: "bool",
          purpose: "leave out tags that are made from digests, as sha256-…",
        },
        FORMAT,
        ...REMOTE,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./repo_tags.ts"),
    },
  ],
};

const MANIFEST: Command = {
  name: "manifest",
  purpose: "Work with manifests",
  commands: [
    {
      name: "fetch",
      aliases: ["get", "show"],
      purpose: "Print or save a manifest",
      usage: `[flags] ${REFERENCE}`,
      examples: [
        {
          title: "Print its bytes",
          line: "manifest fetch localhost:5000/hello:v1",
        },
        {
          title: "Print it for reading",
          line: "manifest fetch --pretty localhost:5000/hello:v1",
        },
        {
          title: "Print its descriptor",
          line: "manifest fetch --descriptor localhost:5000/hello:v1",
        },
        {
          title: "Choose a platform",
          line: "manifest fetch --platform linux/arm64 localhost:5000/hello:v1",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the manifest to fetch" },
      flags: [
        {
          name: "media-type",
          kind: "strings",
          value: "type",
          purpose: "accept these media types only",
        },
        PLATFORM,
        {
          name: "output",
          short: "o",
          kind: "string",
          value: "path",
          purpose: "save to this file; - is stdout",
          group: "Output flags",
        },
        DESCRIPTOR,
        PRETTY,
        FORMAT,
        ...REMOTE,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./manifest_fetch.ts"),
    },
  ],
};

const BLOB: Command = {
  name: "blob",
  purpose: "Work with blobs",
  commands: [
    {
      name: "fetch",
      aliases: ["get"],
      purpose: "Print or save a blob",
      usage: "[flags] {--output <file> | --descriptor} <name>@<digest>",
      examples: [
        {
          title: "Save it",
          line: "blob fetch -o blob.bin localhost:5000/hello@sha256:…",
        },
        {
          title: "Print it",
          line: "blob fetch -o - localhost:5000/hello@sha256:…",
        },
        {
          title: "Print its descriptor",
          line: "blob fetch --descriptor localhost:5000/hello@sha256:…",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the target blob to fetch" },
      flags: [
        {
          name: "output",
          short: "o",
          kind: "string",
          value: "path",
          purpose: "save to this file; - is stdout",
          group: "Output flags",
        },
        DESCRIPTOR,
        PRETTY,
        NO_TTY,
        ...REMOTE,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./blob_fetch.ts"),
    },
  ],
};

const VERSION: Command = {
  name: "version",
  purpose: "Show the version",
  usage: "[flags]",
  load: () => import("./version.ts"),
};

/** The program, and below it all its commands. */
export const PROGRAM: Command = {
  name: "gantry",
  purpose: "Move content in and out of OCI registries",
  commands: [
    PUSH,
    PULL,
    TAG,
    RESOLVE,
    REPO,
    MANIFEST,
    BLOB,
    LOGIN,
    LOGOUT,
    SERVE,
    VERSION,
  ],
};
