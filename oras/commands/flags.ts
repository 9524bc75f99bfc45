import type { Flag } from "./_flag.ts";
import { checkDuration, parseDuration } from "./_duration.ts";
import { checkSize } from "./_size.ts";

/** `-d`: what commands share that talk to a registry. */
export const DEBUG: Flag = {
  name: "debug",
  short: "d",
  kind: "bool",
  purpose: "print the HTTP exchange on stderr, without secrets",
  group: "Other flags",
};

/** `-h`, which every command has. */
export const HELP: Flag = {
  name: "help",
  short: "h",
  kind: "bool",
  purpose: "show this help",
  group: "Other flags",
};

/** `--exit-codes`, which every command has. */
export const EXIT_CODES: Flag = {
  name: "exit-codes",
  kind: "string",
  value: "simple|detailed",
  preset: "simple",
  choices: ["simple", "detailed"],
  purpose:
    "exit with 1 for any failure, or, detailed, with 2 for usage, 4 for authentication, 5 for not found, 130 for interrupted",
  group: "Other flags",
  check: (value) =>
    value === "simple" || value === "detailed"
      ? undefined
      : "expecting simple or detailed",
};

/** The flags that every command has. */
export const COMMON: readonly Flag[] = [EXIT_CODES, HELP];

/** `--registry-config`. */
export const REGISTRY_CONFIG: Flag = {
  name: "registry-config",
  kind: "stringArray",
  value: "path",
  purpose:
    "read credentials from this file; login and logout change the first one given",
  group: "Registry flags",
};

/** How long to wait for a registry, and how often to try. A command with two sides has them once. */
export const PATIENCE: readonly Flag[] = [
  registry(
    "timeout",
    "string",
    "end the command after this long, whatever it waits for: connections, answers, tokens, repetitions, helpers, stdin or an answer typed; no limit where not given",
    { value: "duration", check: checkTimeout },
  ),
  registry(
    "stall-timeout",
    "string",
    "give up a connection that does not come about, or shows no sign of life, for this long; then it counts as a fault",
    { value: "duration", preset: "2m", check: checkTimeout },
  ),
  registry(
    "retry",
    "int",
    "repeat a request this often after faults that pass, for five minutes at most; waits that a registry asks for are kept",
    {
      value: "times",
      preset: 5,
      check: (value) =>
        Number(value) >= 0 ? undefined : "expecting a number from 0",
    },
  ),
];

function checkTimeout(value: string): string | undefined {
  return parseDuration(value) === 0
    ? "expecting more than 0"
    : checkDuration(value);
}

/** How to reach a registry, and with which credential. */
export const REMOTE: readonly Flag[] = [
  registry("username", "string", "name of the user", { short: "u" }),
  registry("password", "string", "password, or token where no user is given", {
    short: "p",
  }),
  registry("password-stdin", "bool", "read the password from stdin"),
  registry("identity-token", "string", "identity token (a refresh token)", {
    value: "token",
  }),
  registry(
    "identity-token-stdin",
    "bool",
    "read the identity token from stdin",
  ),
  registry("insecure", "bool", "accept any certificate (dangerous)"),
  registry(
    "plain-http",
    "bool",
    "speak HTTP, not HTTPS; the default for localhost",
  ),
  registry("ca-file", "string", "trust the authorities in this PEM file", {
    value: "path",
  }),
  registry("cert-file", "string", "client certificate, PEM", { value: "path" }),
  registry("key-file", "string", "private key of --cert-file, PEM", {
    value: "path",
  }),
  registry("resolve", "stringArray", "connect to this address instead", {
    value: "host:port:address[:port]",
  }),
  REGISTRY_CONFIG,
  registry("header", "stringArray", "send one more request header", {
    short: "H",
    value: "name: value",
  }),
  ...PATIENCE,
];

/** `--mirror`, of commands that read manifests and blobs, and write none to the registry that they read. */
export const MIRROR: Flag = registry(
  "mirror",
  "stringArray",
  "read manifests and blobs from this registry first",
  { value: "host=mirror[/prefix]" },
);

/** `--distribution-spec`. */
export const DISTRIBUTION_SPEC: Flag = registry(
  "distribution-spec",
  "string",
  "how the registry keeps referrers: it lists them itself, or they stand under a tag; found out where not given",
  {
    value: "v1.1-referrers-api|v1.1-referrers-tag",
    choices: ["v1.1-referrers-api", "v1.1-referrers-tag"],
    check: (value) =>
      /^v1\.1-referrers-(?:api|tag)$/.test(value)
        ? undefined
        : `unknown distribution specification flag: ${value}\nAvailable options: v1.1-referrers-tag, v1.1-referrers-api`,
  },
);

/** `--no-tty`. */
export const NO_TTY: Flag = {
  name: "no-tty",
  kind: "bool",
  purpose: "show no progress bars, even on a terminal",
  group: "Output flags",
};

/** `--template`. */
export const TEMPLATE: Flag = {
  name: "template",
  kind: "string",
  value: "template",
  purpose: "the template of --format go-template",
  group: "Output flags",
};

/** `--format` and `--template`. */
export const FORMAT: readonly Flag[] = [
  {
    name: "format",
    kind: "string",
    value: "text|json|go-template",
    preset: "text",
    choices: ["text", "json", "go-template"],
    purpose: "how to print the result; go-template=TEMPLATE works too",
    group: "Output flags",
  },
  TEMPLATE,
];

/** Which of a registry and an image layout on disk the argument points at. */
export const LAYOUT: readonly Flag[] = [
  {
    name: "oci-layout",
    kind: "bool",
    purpose:
      "the argument points into an OCI image layout, a directory, or for reading a tar file: path[:tag|@digest]",
    group: "Layout flags",
  },
  {
    name: "oci-layout-path",
    kind: "string",
    value: "path",
    purpose: "the OCI image layout that the argument is a tag or digest of",
    group: "Layout flags",
  },
];

/** `--output`. */
export const OUTPUT: Flag = {
  name: "output",
  short: "o",
  kind: "string",
  value: "path",
  purpose: "save to this file; - is stdout",
  group: "Output flags",
};

/** `--dry-run`. */
export const DRY_RUN: Flag = {
  name: "dry-run",
  kind: "bool",
  purpose: "say what would be done, and change nothing",
};

/** `--force`. */
export const FORCE: Flag = {
  name: "force",
  short: "f",
  kind: "bool",
  purpose: "ask no question, and do not mind if it is gone",
};

/** `--platform`. */
export const PLATFORM: Flag = {
  name: "platform",
  kind: "string",
  value: "os[/arch][/variant][:os_version]",
  purpose: "choose this platform from an index",
};

/** `--descriptor`. */
export const DESCRIPTOR: Flag = {
  name: "descriptor",
  kind: "bool",
  purpose: "print the descriptor instead of the content",
  group: "Output flags",
};

/** `--pretty`. */
export const PRETTY: Flag = {
  name: "pretty",
  kind: "bool",
  purpose: "indent JSON",
  group: "Output flags",
};

/** `-v`, which older scripts still give. */
export const VERBOSE: Flag = {
  name: "verbose",
  short: "v",
  kind: "bool",
  preset: true,
  purpose: "print a line for content without a name too",
  hidden: true,
  deprecated: "and will be removed in a future release.",
};

/** What commands share whose argument is in a registry or in a layout on disk. */
export const TARGET: readonly Flag[] = [
  ...FORMAT,
  ...REMOTE,
  ...LAYOUT,
  DEBUG,
  VERBOSE,
];

/** `--chunk-size`. */
export const CHUNK_SIZE: Flag = {
  name: "chunk-size",
  kind: "string",
  value: "size",
  purpose:
    "upload blobs in parts of this size, such as 10MiB, for proxies and registries that take no large bodies",
  check: checkSize,
};

/** `--concurrency`. */
export function concurrency(preset: number): Flag {
  return {
    name: "concurrency",
    kind: "int",
    preset,
    purpose: "how many transfers run at once",
  };
}

function registry(
  name: string,
  kind: Flag["kind"],
  purpose: string,
  more: Partial<Flag> = {},
): Flag {
  return { name, kind, purpose, group: "Registry flags", ...more };
}

/** `--resolve` of a command with two sides. */
export const RESOLVE_BOTH: Flag = registry(
  "resolve",
  "stringArray",
  "connect to this address instead, for both sides",
  { value: "host:port:address[:port]" },
);

/** The flags of one side of a command that has two: longer names, and none for stdin. */
export function side(prefix: "from" | "to", flags: readonly Flag[]): Flag[] {
  const word = prefix === "from" ? "source" : "destination";
  return flags
    .filter((flag) => !flag.name.endsWith("-stdin") && !PATIENCE.includes(flag))
    .map(({ short: _, ...flag }) => ({
      ...flag,
      name: `${prefix}-${flag.name}`,
      purpose: `${word}: ${flag.purpose}`
        .replace("--cert-file", `--${prefix}-cert-file`),
    }));
}
