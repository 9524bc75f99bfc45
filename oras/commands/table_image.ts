import type { Command } from "./_command.ts";
import { DOCKER_CONFIG, REFERENCE } from "./_words.ts";
import {
  CHUNK_SIZE,
  concurrency,
  DRY_RUN,
  NO_TTY,
  PLATFORM,
  TARGET,
} from "./flags.ts";

/** `gantry image …` */
export const IMAGE: Command = {
  name: "image",
  purpose: "Work with container images",
  commands: [
    {
      name: "append",
      purpose: "Put layers on top of an image",
      usage: `[flags] ${REFERENCE} <file|directory> [...]`,
      notes: [
        "Makes a new image in the same repository; the one named stays as it is. A file is",
        "a tar archive, as it is or compressed with gzip or zstd; - is stdin. What is in a",
        "directory goes to the root of the image, or below --prefix. Of an index one image",
        "is chosen with --platform.",
      ],
      examples: [
        {
          title: "Add a directory, and tag the result",
          line:
            "image append localhost:5000/app:v1 dist/ --prefix srv/app --tag v2",
        },
        {
          title: "Add a layer to the image for a platform",
          line:
            "image append --platform linux/arm64 localhost:5000/app:v1 layer.tar.gz -t v2-arm64",
        },
        {
          title: "See what would come of it",
          line: "image append --dry-run localhost:5000/app:v1 layer.tar",
        },
      ],
      arity: { min: 2, meaning: "the image and the layers to append" },
      files: 1,
      flags: [
        {
          name: "tag",
          short: "t",
          kind: "stringArray",
          value: "tag",
          purpose:
            "tag the new image; without, it is known by its digest alone",
        },
        {
          name: "prefix",
          kind: "string",
          value: "path",
          purpose: "where in the image the content of directories goes",
        },
        PLATFORM,
        concurrency(8),
        CHUNK_SIZE,
        DRY_RUN,
        ...TARGET,
        NO_TTY,
      ],
      environment: [
        DOCKER_CONFIG,
        [
          "SOURCE_DATE_EPOCH",
          "seconds since 1970: the time in the image's history, and the latest time of files in directories",
        ],
      ],
      load: () => import("./image_append.ts"),
    },
  ],
};
