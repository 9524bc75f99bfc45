import type { Command } from "./_command.ts";
import { DOCKER_CONFIG, REFERENCE } from "./_words.ts";
import {
  DEBUG,
  DESCRIPTOR,
  FORMAT,
  NO_TTY,
  PLATFORM,
  PRETTY,
  REMOTE,
  VERBOSE,
} from "./flags.ts";

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
        ...FORMAT,
        ...REMOTE,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./repo_tags.ts"),
    },
  ],
};

/** `gantry manifest …` */
export const MANIFEST: Command = {
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
        ...FORMAT,
        ...REMOTE,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./manifest_fetch.ts"),
    },
  ],
};

/** `gantry blob …` */
export const BLOB: Command = {
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
