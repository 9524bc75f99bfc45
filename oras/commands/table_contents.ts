import type { Command } from "./_command.ts";
import { DOCKER_CONFIG } from "./_words.ts";
import { DEBUG, FORMAT, REMOTE, TARGET, VERBOSE } from "./flags.ts";

/** `gantry repo …` */
export const REPO: Command = {
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
        ...FORMAT,
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
        ...TARGET,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./repo_tags.ts"),
    },
  ],
};
