import type { Command } from "./_command.ts";
import { DOCKER_CONFIG } from "./_words.ts";
import { DEBUG, REGISTRY_CONFIG, REMOTE, VERBOSE } from "./flags.ts";

/** `gantry login` */
export const LOGIN: Command = {
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

/** `gantry logout` */
export const LOGOUT: Command = {
  name: "logout",
  purpose: "Forget the credential of a registry",
  usage: "[flags] <registry>",
  examples: [{ title: "Log out", line: "logout localhost:5000" }],
  arity: { min: 1, max: 1, meaning: "the registry you want to log out" },
  flags: [REGISTRY_CONFIG, DEBUG],
  environment: [DOCKER_CONFIG],
  load: () => import("./logout.ts"),
};

/** `gantry serve` */
export const SERVE: Command = {
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

/** `gantry version` */
export const VERSION: Command = {
  name: "version",
  purpose: "Show the version",
  usage: "[flags]",
  load: () => import("./version.ts"),
};
