import type { Command } from "./_command.ts";
import { CACHE, DOCKER_CONFIG, REFERENCE, STDIN } from "./_words.ts";
import {
  concurrency,
  DESCRIPTOR,
  DISTRIBUTION_SPEC,
  DRY_RUN,
  FORCE,
  MIRROR,
  OUTPUT,
  PLATFORM,
  PRETTY,
  TARGET,
} from "./flags.ts";

/** `gantry manifest index …` */
const INDEX: Command = {
  name: "index",
  purpose: "Make and change indexes",
  commands: [
    {
      name: "create",
      aliases: ["pack"],
      purpose: "Make an index of manifests, and push it",
      usage: "[flags] <name>[:<tag>[,<tag>][...]] [{<tag>|<digest>}...]",
      notes: [
        "All manifests are in the same repository or layout. Their platforms come from",
        "the configs of images.",
      ],
      examples: [
        {
          title: "Make one under a tag",
          line:
            "manifest index create localhost:5000/hello:v1 linux-amd64 linux-arm64",
        },
        {
          title: "Make one under several tags, with an annotation",
          line:
            "manifest index create -a key=value localhost:5000/hello:v1,latest linux-amd64",
        },
        {
          title: "Print it, and push nothing",
          line:
            "manifest index create -o - --pretty localhost:5000/hello linux-amd64 linux-arm64",
        },
      ],
      arity: {
        min: 1,
        meaning: "the destination index to create",
      },
      flags: [
        {
          name: "annotation",
          short: "a",
          kind: "stringArray",
          value: "key=value",
          purpose: "annotate the index",
        },
        {
          name: "artifact-type",
          kind: "string",
          value: "type",
          purpose: "what kind of artifact it is",
        },
        OUTPUT,
        DRY_RUN,
        PRETTY,
        ...TARGET,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./manifest_index_create.ts"),
    },
    {
      name: "update",
      purpose: "Put manifests into an index, and take others out",
      usage: "[flags] <name>{:<tag>|@<digest>} [{--add|--merge|--remove} ...]",
      notes: [
        "First manifests are removed, then added, then those of other indexes merged.",
        "What else stands in the index stays.",
      ],
      examples: [
        {
          title: "Put one in, take one out",
          line:
            "manifest index update localhost:5000/hello:v1 --add linux-arm64 --remove sha256:…",
        },
        {
          title: "Take in all of another index, and tag the result",
          line:
            "manifest index update localhost:5000/hello:v1 --merge other --tag v2",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the target index to update" },
      flags: [
        {
          name: "add",
          kind: "stringArray",
          value: "tag|digest",
          purpose: "put this manifest in",
        },
        {
          name: "merge",
          kind: "stringArray",
          value: "tag|digest",
          purpose: "put the manifests of this index in",
        },
        {
          name: "remove",
          kind: "stringArray",
          value: "digest",
          purpose: "take this manifest out",
        },
        {
          name: "tag",
          kind: "stringArray",
          value: "tag",
          purpose: "tag the result with this, too",
        },
        {
          name: "artifact-type",
          kind: "string",
          value: "type",
          purpose: "what kind of artifact it is from now on; none where empty",
        },
        OUTPUT,
        DRY_RUN,
        PRETTY,
        ...TARGET,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./manifest_index_update.ts"),
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
        OUTPUT,
        DESCRIPTOR,
        PRETTY,
        ...TARGET,
        MIRROR,
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
        ...TARGET,
        MIRROR,
      ],
      environment: [DOCKER_CONFIG, CACHE],
      load: () => import("./manifest_fetch_config.ts"),
    },
    {
      name: "push",
      purpose: "Push a file as a manifest, byte for byte",
      usage: "[flags] <name>[:<tag>[,<tag>][...]|@<digest>] <file>",
      notes: [STDIN],
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
        ...TARGET,
        DISTRIBUTION_SPEC,
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
        ...TARGET,
        DISTRIBUTION_SPEC,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./manifest_delete.ts"),
    },
    INDEX,
  ],
};
