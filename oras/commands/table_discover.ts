import type { Command } from "./_command.ts";
import { DOCKER_CONFIG, REFERENCE } from "./_words.ts";
import {
  DEBUG,
  DISTRIBUTION_SPEC,
  LAYOUT,
  NO_TTY,
  PLATFORM,
  REMOTE,
  TEMPLATE,
  VERBOSE,
} from "./flags.ts";

/** `gantry discover` */
export const DISCOVER: Command = {
  name: "discover",
  purpose: "Show what is attached to an artifact",
  usage: `[flags] ${REFERENCE}`,
  examples: [
    {
      title: "Show all, and what is attached to that, as a tree",
      line: "discover localhost:5000/hello:v1",
    },
    {
      title: "Show one type only, and no deeper than this",
      line:
        "discover --artifact-type application/spdx+json --depth 1 localhost:5000/hello:v1",
    },
    {
      title: "Show it as JSON",
      line: "discover --format json localhost:5000/hello:v1",
    },
  ],
  arity: {
    min: 1,
    max: 1,
    meaning: "the target artifact to discover referrers from",
  },
  flags: [
    {
      name: "artifact-type",
      kind: "string",
      value: "type",
      purpose: "show this type only",
    },
    {
      name: "annotation",
      short: "a",
      kind: "stringArray",
      value: "key=value",
      purpose: "show only what has this annotation",
    },
    {
      name: "depth",
      kind: "int",
      value: "levels",
      purpose: "look no deeper than this; all levels where not given",
    },
    PLATFORM,
    {
      name: "format",
      kind: "string",
      value: "tree|table|json|go-template",
      preset: "tree",
      choices: ["tree", "table", "json", "go-template"],
      purpose: "how to print the result; go-template=TEMPLATE works too",
      group: "Output flags",
    },
    {
      name: "output",
      short: "o",
      kind: "string",
      value: "tree|table|json",
      preset: "tree",
      choices: ["tree", "table", "json"],
      purpose: "older name of --format",
      hidden: true,
    },
    TEMPLATE,
    {
      ...NO_TTY,
      purpose: "taken for older scripts: there is nothing to leave out",
    },
    ...REMOTE,
    DISTRIBUTION_SPEC,
    ...LAYOUT,
    DEBUG,
    VERBOSE,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./discover.ts"),
};
