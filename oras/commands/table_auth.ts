import type { Command } from "./_command.ts";
import { DOCKER_CONFIG } from "./_words.ts";
import { DEBUG, FORMAT, REMOTE } from "./flags.ts";

/** `gantry auth …` */
export const AUTH: Command = {
  name: "auth",
  purpose: "Look at logins and tokens",
  commands: [
    {
      name: "token",
      purpose: "Print the bearer token that requests would show",
      usage: "[flags] <registry|name>",
      notes: [
        "The token is asked for with the credential that is stored or given, and tried at",
        "the registry. For a repository it lets pull; --push and --delete ask for more.",
        "It is a secret for as long as it lives.",
      ],
      examples: [
        {
          title: "Get a token that lets pull",
          line: "auth token ghcr.io/me/app",
        },
        {
          title: "Get a token that lets push",
          line: "auth token --push ghcr.io/me/app",
        },
        {
          title: "Get a token for another scope",
          line: "auth token --scope registry:catalog:* registry.example",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the registry or repository" },
      flags: [
        { name: "push", kind: "bool", purpose: "ask to push, too" },
        { name: "delete", kind: "bool", purpose: "ask to delete, too" },
        {
          name: "scope",
          kind: "stringArray",
          value: "scope",
          purpose: "ask for this scope, too",
        },
        ...FORMAT,
        ...REMOTE,
        DEBUG,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./auth_token.ts"),
    },
    {
      name: "whoami",
      purpose: "Tell which login is used for a registry",
      usage: "[flags] <registry>",
      notes: [
        "Names the user of the stored credential, the file or helper that it comes from,",
        "and whether the registry accepts it. No secret is shown.",
      ],
      examples: [
        { title: "Look at a login", line: "auth whoami ghcr.io" },
        {
          title: "Print it as JSON",
          line: "auth whoami --format json ghcr.io",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the registry" },
      flags: [...FORMAT, ...REMOTE, DEBUG],
      environment: [DOCKER_CONFIG],
      load: () => import("./auth_whoami.ts"),
    },
  ],
};
