import type { Command } from "./_command.ts";
import { CACHE, DOCKER_CONFIG, REFERENCE } from "./_words.ts";
import {
  concurrency,
  DEBUG,
  DESCRIPTOR,
  DISTRIBUTION_SPEC,
  DRY_RUN,
  FORCE,
  FORMAT,
  LAYOUT,
  OUTPUT,
  PLATFORM,
  PRETTY,
  REMOTE,
  VERBOSE,
} from "./flags.ts";

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
        OUTPUT,
        DESCRIPTOR,
        PRETTY,
        ...FORMAT,
        ...REMOTE,
        ...LAYOUT,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG, CACHE],
      load: () => import("./manifest_fetch.ts"),
    },
    {
      name: "fetch-config",
      aliases: ["get-config"],
      purpose: "Print or save the config of a manifest",
      usage: `[flags] ${REFERENCE}`,
      examples: [
        {
          title: "Print it",
          line: "manifest fetch-config localhost:5000/hello:v1",
        },
        {
          title: "Print that of a platform's image, for reading",
          line:
            "manifest fetch-config --platform linux/arm64 --pretty localhost:5000/hello:v1",
        },
        {
          title: "Print its descriptor",
          line: "manifest fetch-config --descriptor localhost:5000/hello:v1",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the manifest whose config to fetch" },
      flags: [
        PLATFORM,
        OUTPUT,
        DESCRIPTOR,
        PRETTY,
        ...FORMAT,
        ...REMOTE,
        ...LAYOUT,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG, CACHE],
      load: () => import("./manifest_fetch_config.ts"),
    },
    {
      name: "push",
      purpose: "Push a file as a manifest, byte for byte",
      usage: "[flags] <name>[:<tag>[,<tag>][...]|@<digest>] <file>",
      notes: ["- as the file is stdin."],
      examples: [
        {
          title: "Push it under a tag",
          line: "manifest push localhost:5000/hello:v1 manifest.json",
        },
        {
          title: "Push it under several tags",
          line: "manifest push localhost:5000/hello:v1,latest manifest.json",
        },
        {
          title: "Push it by its digest",
          line: "manifest push localhost:5000/hello manifest.json",
        },
        {
          title: "Read it from stdin",
          line: "manifest push localhost:5000/hello:v1 -",
        },
      ],
      arity: {
        min: 2,
        max: 2,
        meaning:
          "the destination to push to and the file to read manifest content from",
      },
      files: 1,
      flags: [
        {
          name: "media-type",
          kind: "string",
          value: "type",
          purpose:
            "the media type; that which the manifest names where not given",
        },
        concurrency(5),
        DRY_RUN,
        DESCRIPTOR,
        PRETTY,
        ...FORMAT,
        ...REMOTE,
        DISTRIBUTION_SPEC,
        ...LAYOUT,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./manifest_push.ts"),
    },
    {
      name: "delete",
      aliases: ["remove", "rm"],
      purpose: "Delete a manifest with all its tags",
      usage: `[flags] ${REFERENCE}`,
      notes: [
        'To remove one tag only, use "gantry untag".',
      ],
      examples: [
        {
          title: "Delete it after a question",
          line: "manifest delete localhost:5000/hello:v1",
        },
        {
          title: "Delete it without one, and do not mind if it is gone",
          line: "manifest delete --force localhost:5000/hello:v1",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the manifest to delete" },
      flags: [
        FORCE,
        DRY_RUN,
        DESCRIPTOR,
        PRETTY,
        ...FORMAT,
        ...REMOTE,
        DISTRIBUTION_SPEC,
        ...LAYOUT,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./manifest_delete.ts"),
    },
  ],
};
