import type { Command } from "./_command.ts";
import { CACHE, DOCKER_CONFIG, STDIN } from "./_words.ts";
import {
  CHUNK_SIZE,
  DEBUG,
  DESCRIPTOR,
  DRY_RUN,
  FORCE,
  FORMAT,
  LAYOUT,
  MIRROR,
  NO_TTY,
  OUTPUT,
  PATIENCE,
  PRETTY,
  REMOTE,
  RESOLVE_BOTH,
  side,
  TARGET,
  VERBOSE,
} from "./flags.ts";

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
        OUTPUT,
        DESCRIPTOR,
        PRETTY,
        NO_TTY,
        DRY_RUN,
        ...TARGET,
        MIRROR,
      ],
      environment: [DOCKER_CONFIG, CACHE],
      load: () => import("./blob_fetch.ts"),
    },
    {
      name: "head",
      purpose: "Tell whether a blob is there, and its size",
      usage: "[flags] <name>@<digest>",
      examples: [
        {
          title: "Ask for it",
          line: "blob head localhost:5000/hello@sha256:…",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the blob to ask for" },
      flags: [...FORMAT, ...REMOTE, ...LAYOUT, DEBUG],
      environment: [DOCKER_CONFIG],
      load: () => import("./blob_head.ts"),
    },
    {
      name: "push",
      purpose: "Push a file as a blob",
      usage: "[flags] <name>[@digest] <file>",
      notes: [STDIN],
      examples: [
        { title: "Push it", line: "blob push localhost:5000/hello hi.txt" },
        {
          title: "Push it if it has this digest",
          line: "blob push localhost:5000/hello@sha256:… hi.txt",
        },
        {
          title: "Read it from stdin",
          line: "blob push localhost:5000/hello -",
        },
        {
          title: "Print its descriptor, with a media type",
          line:
            "blob push --descriptor --media-type application/x-tar localhost:5000/hello layer.tar",
        },
      ],
      arity: {
        min: 2,
        max: 2,
        meaning:
          "the destination to push to and the file to read blob content from",
      },
      files: 1,
      flags: [
        {
          name: "media-type",
          kind: "string",
          value: "type",
          preset: "application/vnd.oci.image.layer.v1.tar",
          purpose: "the media type that the descriptor has",
        },
        {
          name: "size",
          kind: "int",
          preset: -1,
          purpose:
            "refuse content of another size than this, in bytes; -1 takes any",
        },
        CHUNK_SIZE,
        DRY_RUN,
        DESCRIPTOR,
        PRETTY,
        NO_TTY,
        ...TARGET,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./blob_push.ts"),
    },
    {
      name: "cp",
      aliases: ["copy"],
      purpose: "Copy a blob between registries and layouts",
      usage: "[flags] <from>@<digest> <to>[@<digest>]",
      notes: [
        "Within one registry no bytes are moved where it can mount blobs.",
      ],
      examples: [
        {
          title: "Copy it to another repository",
          line: "blob cp localhost:5000/hello@sha256:… localhost:5000/other",
        },
        {
          title: "Copy it into an OCI image layout",
          line: "blob cp --to-oci-layout localhost:5000/hello@sha256:… layout",
        },
      ],
      arity: {
        min: 2,
        max: 2,
        meaning: "the blob to copy and the destination",
      },
      flags: [
        CHUNK_SIZE,
        DRY_RUN,
        NO_TTY,
        ...FORMAT,
        ...side("from", [...REMOTE, MIRROR, ...LAYOUT]),
        ...side("to", [...REMOTE, ...LAYOUT]),
        RESOLVE_BOTH,
        ...PATIENCE,
        DEBUG,
        VERBOSE,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./blob_cp.ts"),
    },
    {
      name: "delete",
      aliases: ["remove", "rm"],
      purpose: "Delete a blob",
      usage: "[flags] <name>@<digest>",
      examples: [
        {
          title: "Delete it after a question",
          line: "blob delete localhost:5000/hello@sha256:…",
        },
        {
          title: "Delete it without one, and do not mind if it is gone",
          line: "blob delete --force localhost:5000/hello@sha256:…",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the blob to delete" },
      flags: [
        FORCE,
        DRY_RUN,
        DESCRIPTOR,
        PRETTY,
        ...TARGET,
      ],
      environment: [DOCKER_CONFIG],
      load: () => import("./blob_delete.ts"),
    },
  ],
};
