import type { Command } from "./_command.ts";
import { checkDuration } from "./_duration.ts";
import { checkFilled, type Flag, type FlagKind } from "./_flag.ts";
import { DRY_RUN, FORMAT } from "./flags.ts";

/** Where the registry is, and where its content. */
const PLACE: readonly Flag[] = [
  flag(
    "listen",
    "string",
    "the address to listen on; port 0 takes a free one",
    {
      value: "host:port",
      preset: "127.0.0.1:5000",
    },
  ),
  flag("root", "string", "keep content in this directory", {
    value: "directory",
  }),
  flag("memory", "bool", "keep content in memory, the default"),
  flag("tls-cert", "string", "serve HTTPS with this certificate chain, PEM", {
    value: "path",
  }),
  flag("tls-key", "string", "private key of --tls-cert, PEM", {
    value: "path",
  }),
  flag("base-path", "string", "answer below this path", { value: "path" }),
  flag(
    "external-url",
    "string",
    "the URL that clients use, where a proxy stands in front",
    {
      value: "url",
    },
  ),
  flag(
    "trust-forwarded",
    "bool",
    "believe X-Forwarded-*, where only a proxy can come",
  ),
  flag("cors-origin", "strings", "let web pages of these origins in, or *", {
    value: "origin",
  }),
  flag("grace", "string", "how long requests may take to finish at the end", {
    value: "duration",
    preset: "5s",
    check: checkDuration,
  }),
];

/** Who may do what. */
const ACCESS: readonly Flag[] = [
  flag("htpasswd", "string", "ask for a user of this file (bcrypt)", {
    value: "path",
  }),
  flag(
    "anonymous",
    "strings",
    "what anybody may do: pull, push, update, delete",
    {
      value: "actions",
    },
  ),
  flag(
    "permit",
    "stringArray",
    "let users (names, * or anyone) do actions in repositories",
    { value: "users:repositories:actions" },
  ),
  flag("tokens", "bool", "hand out Bearer tokens at /auth/token"),
  flag("token-lifetime", "string", "how long a token is good", {
    value: "duration",
    preset: "5m",
    check: checkDuration,
  }),
  flag("token-key", "string", "sign tokens with the secret in this file", {
    value: "path",
  }),
  flag("token-service", "string", "the registry's name in tokens", {
    value: "name",
    preset: "gantry",
  }),
  flag("token-realm", "string", "take the tokens of this service instead", {
    value: "url",
  }),
  flag("token-issuer", "string", "who issues those tokens", { value: "name" }),
  flag(
    "token-public-key",
    "stringArray",
    "the public keys of those tokens: PEM, JWK or JWKS",
    { value: "path" },
  ),
];

/** What is accepted. */
const RULES: readonly Flag[] = [
  flag("read-only", "bool", "refuse whatever writes"),
  flag("deletable", "strings", "what can be deleted: tag, manifest, blob", {
    value: "kinds",
  }),
  flag("immutable-tags", "strings", "tags that cannot be moved, as patterns", {
    value: "patterns",
    bare: "*",
  }),
  flag("refuse-sparse", "bool", "refuse manifests whose content is missing"),
  flag("schema1", "bool", "accept Docker's schema 1 manifests"),
  flag("manifest-types", "strings", "accept manifests of these types only", {
    value: "types",
  }),
  flag("blob-types", "strings", "accept blobs sent as these types only", {
    value: "types",
  }),
  flag("max-manifest-size", "int", "the largest manifest, in bytes", {
    preset: 4 * 1024 * 1024,
  }),
  flag("upload-expiry", "string", "how long unfinished uploads are kept", {
    value: "duration",
    preset: "24h",
    check: checkDuration,
  }),
  flag("max-uploads", "int", "how many uploads can be unfinished at once", {
    preset: 10_000,
  }),
  flag("body-timeout", "string", "how long a request's body may stand still", {
    value: "duration",
    preset: "1m",
    check: checkDuration,
  }),
  flag("rate-limit", "string", "how many requests a client may make", {
    value: "requests/time",
  }),
];

/** What is told of it. */
const EVENTS: readonly Flag[] = [
  flag("access-log", "string", "print requests on stderr: text or json", {
    value: "format",
    bare: "text",
    choices: ["text", "json"],
    check: (value) =>
      value === "text" || value === "json"
        ? undefined
        : "expecting text or json",
  }),
  flag("webhook", "string", "send pushes, pulls and deletions to this URL", {
    value: "url",
  }),
];

/** `gantry serve` */
export const SERVE: Command = {
  name: "serve",
  purpose: "Run a registry",
  usage: "[flags]",
  notes: [
    "Prints one line, `Listening on URL`, once it accepts connections. Below --root",
    "each repository is an OCI image layout, readable by other tools. In patterns of",
    "repositories * stands for a part of a name, ** for any text. Without --permit",
    "users may do everything.",
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
    {
      title: "Everybody reads, alice writes below team/, with tokens",
      line:
        "serve --htpasswd users --tokens --anonymous pull --permit alice:team/**:push,update",
    },
  ],
  arity: { min: 0, max: 0, meaning: "" },
  flags: [...PLACE, ...ACCESS, ...RULES, ...EVENTS, ...FORMAT],
  load: () => import("./serve.ts"),
};

/** `gantry htpasswd` */
export const HTPASSWD: Command = {
  name: "htpasswd",
  purpose: "Set the password of a user in a file for serve",
  usage: "[flags] <file> <user>",
  files: 0,
  notes: [
    "The file is made where there is none, and only its owner can read it. It holds",
    "bcrypt hashes. The password is asked for on the terminal.",
  ],
  examples: [
    { title: "Add a user, or change the password", line: "htpasswd users me" },
    {
      title: "Read the password from stdin",
      line: "htpasswd --password-stdin users me",
    },
    { title: "Remove a user", line: "htpasswd --delete users me" },
  ],
  arity: { min: 2, max: 2, meaning: "the file and the user" },
  flags: [
    flag("password-stdin", "bool", "read the password from stdin"),
    flag("delete", "bool", "remove the user"),
    flag("cost", "int", "the cost of bcrypt, 4 to 15", { preset: 10 }),
    DRY_RUN,
    ...FORMAT,
  ],
  load: () => import("./htpasswd.ts"),
};

function flag(
  name: string,
  kind: FlagKind,
  purpose: string,
  more: Omit<Flag, "name" | "kind" | "purpose"> = {},
): Flag {
  // Without a value a registry would be open to everybody, or keep nothing.
  const check = kind === "bool" || kind === "int" ? {} : { check: checkFilled };
  return { name, kind, purpose, ...check, ...more };
}
