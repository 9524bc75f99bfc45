import type { Command } from "./_command.ts";
import { DOCKER_CONFIG, REFERENCE } from "./_words.ts";
import {
  DEBUG,
  DISTRIBUTION_SPEC,
  FORMAT,
  LAYOUT,
  MIRROR,
  PLATFORM,
  REMOTE,
} from "./flags.ts";

/** `gantry inspect` */
export const INSPECT: Command = {
  name: "inspect",
  purpose: "Tell what a reference is, on one page",
  usage: `[flags] ${REFERENCE}`,
  notes: [
    "Shows kind, types, digest, sizes, config, layers or platforms, annotations,",
    "subject, and how many referrers there are of each type. Values of environment",
    "variables are not shown. It takes a request each for the manifest, the config of",
    "an image and the referrers.",
  ],
  examples: [
    { title: "Look at an image", line: "inspect localhost:5000/hello:v1" },
    {
      title: "Look at one platform of an index",
      line: "inspect --platform linux/arm64 alpine:3.20",
    },
    {
      title: "Also find all tags that point at it",
      line: "inspect --tags localhost:5000/hello:v1",
    },
    {
      title: "Print it as JSON",
      line: "inspect --format json localhost:5000/hello:v1",
    },
  ],
  arity: { min: 1, max: 1, meaning: "the reference to inspect" },
  flags: [
    {
      name: "tags",
      kind: "bool",
      purpose:
        "find the tags that point at it; asks a registry about each of its first 1000 tags",
    },
    PLATFORM,
    ...FORMAT,
    ...REMOTE,
    MIRROR,
    DISTRIBUTION_SPEC,
    ...LAYOUT,
    DEBUG,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./inspect.ts"),
};
