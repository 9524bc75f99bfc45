import type { Command } from "./_command.ts";
import { DOCKER_CONFIG, REFERENCE } from "./_words.ts";
import {
  concurrency,
  DEBUG,
  DRY_RUN,
  FORMAT,
  LAYOUT,
  MIRROR,
  PLATFORM,
  REMOTE,
  TARGET,
} from "./flags.ts";

/** `gantry tag` */
export const TAG: Command = {
  name: "tag",
  purpose: "Give a manifest in a registry more tags",
  usage: `[flags] ${REFERENCE} <new_tag> [...]`,
  examples: [
    { title: "Tag v1 as stable", line: "tag localhost:5000/hello:v1 stable" },
    {
      title: "Tag a digest twice",
      line: "tag localhost:5000/hello@sha256:… v1 latest",
    },
  ],
  arity: {
    min: 1,
    meaning: "the artifact to be retagged and the tags to be added",
  },
  flags: [
    concurrency(8),
    DRY_RUN,
    ...TARGET,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./tag.ts"),
};

/** `gantry untag` */
export const UNTAG: Command = {
  name: "untag",
  purpose: "Remove tags, and leave what they point at",
  usage: "[flags] <name>:<tag>[,<tag>][...]",
  notes: [
    "Where a registry does not delete tags, the tag is moved to a placeholder, a manifest",
    "that nobody else has, and that is deleted. Where it deletes no manifests either,",
    "nothing is changed, and the failure says so. Which of these it is, only trying tells.",
  ],
  examples: [
    { title: "Remove a tag", line: "untag localhost:5000/hello:v1" },
    { title: "Remove several", line: "untag localhost:5000/hello:v1,v2" },
  ],
  arity: { min: 1, max: 1, meaning: "the tags to remove" },
  flags: [
    {
      name: "no-placeholder",
      kind: "bool",
      purpose:
        "fail, and change nothing, where the registry does not delete tags",
    },
    DRY_RUN,
    ...FORMAT,
    ...REMOTE,
    ...LAYOUT,
    DEBUG,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./untag.ts"),
};

/** `gantry resolve` */
export const RESOLVE: Command = {
  name: "resolve",
  aliases: ["digest"],
  purpose: "Print the digest that a reference stands for",
  usage: `[flags] ${REFERENCE}`,
  examples: [
    { title: "Print the digest", line: "resolve localhost:5000/hello:v1" },
    {
      title: "Print the whole reference, with the digest",
      line: "resolve -l localhost:5000/hello:v1",
    },
  ],
  arity: {
    min: 1,
    max: 1,
    meaning: "the target artifact reference to resolve",
  },
  flags: [
    {
      name: "full-reference",
      short: "l",
      kind: "bool",
      purpose: "print the reference with the digest",
      group: "Output flags",
    },
    PLATFORM,
    ...TARGET,
    MIRROR,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./resolve.ts"),
};
