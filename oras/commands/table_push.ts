import type { Command } from "./_command.ts";
import type { Flag } from "./_flag.ts";
import { DOCKER_CONFIG, SHORT_NAMES } from "./_words.ts";
import {
  CHUNK_SIZE,
  concurrency,
  DISTRIBUTION_SPEC,
  DRY_RUN,
  NO_TTY,
  PLATFORM,
  TARGET,
} from "./flags.ts";

const EPOCH = [
  "SOURCE_DATE_EPOCH",
  "seconds since 1970: the artifact's time, and the latest time of files in directories",
] as const;

/** What an artifact is made of. */
const PACK: readonly Flag[] = [
  {
    name: "annotation",
    short: "a",
    kind: "stringArray",
    value: "key=value",
    purpose: "annotate the manifest",
  },
  {
    name: "annotation-file",
    kind: "string",
    value: "path",
    purpose: "read annotations of manifest, config and files from JSON",
  },
  {
    name: "config",
    kind: "string",
    value: "path[:type]",
    purpose: "the file to use as config",
  },
  {
    name: "disable-path-validation",
    kind: "bool",
    purpose: "allow absolute paths",
  },
  {
    name: "reproducible",
    kind: "bool",
    purpose:
      "the same bytes of the same files every time: times are SOURCE_DATE_EPOCH, or 1970",
  },
  concurrency(8),
  CHUNK_SIZE,
  DRY_RUN,
  {
    name: "export-manifest",
    kind: "string",
    value: "path",
    purpose: "also write the manifest to this file",
    group: "Output flags",
  },
];

/** `gantry push` */
export const PUSH: Command = {
  name: "push",
  purpose: "Push files and directories to a registry",
  usage: "[flags] <name>[:<tag>[,<tag>][...]] <file>[:<type>] [...]",
  notes: [
    "Directories go as tar+gzip and come back as directories. Without a tag the",
    "artifact is pushed by its digest.",
    ...SHORT_NAMES,
  ],
  examples: [
    { title: "Push a file", line: "push localhost:5000/hello:v1 hi.txt" },
    {
      title: "Push a directory and a file with its own media type",
      line: "push localhost:5000/hello:v1 site/ data.json:application/json",
    },
    {
      title: "Push a file whose name has a colon",
      line: "push localhost:5000/hello:v1 hi:txt:",
    },
    {
      title: "Push under several tags",
      line: "push localhost:5000/hello:v1,latest hi.txt",
    },
    {
      title: "Say what kind of artifact it is",
      line:
        "push --artifact-type application/vnd.example+type localhost:5000/hello:v1 hi.txt",
    },
    {
      title: "Add a config and annotations",
      line:
        "push --config config.json:application/vnd.me.config -a key=value localhost:5000/hello:v1 hi.txt",
    },
  ],
  arity: { min: 1, meaning: "the destination for pushing" },
  files: 1,
  flags: [
    ...PACK,
    {
      name: "artifact-type",
      kind: "string",
      value: "type",
      purpose: "what kind of artifact it is",
    },
    {
      name: "artifact-platform",
      kind: "string",
      value: "os[/arch][/variant][:os_version]",
      purpose: "the platform that the artifact is for",
    },
    {
      name: "image-spec",
      kind: "string",
      value: "v1.1|v1.0",
      choices: ["v1.1", "v1.0"],
      purpose:
        "version of the manifest; where not given v1.1, but v1.0 with --config and no --artifact-type",
      check: (value) =>
        value === "v1.1" || value === "v1.0"
          ? undefined
          : `unknown image specification flag: ${value}\nAvailable options: v1.1, v1.0`,
    },
    ...TARGET,
    NO_TTY,
  ],
  environment: [
    DOCKER_CONFIG,
    EPOCH,
  ],
  load: () => import("./push.ts"),
};

/** `gantry attach` */
export const ATTACH: Command = {
  name: "attach",
  purpose: "Attach files to an artifact that exists",
  usage:
    "[flags] --artifact-type=<type> <name>{:<tag>|@<digest>} {<file>[:<layer_media_type>]|--annotation <key>=<value>} [...]",
  notes: [
    "What is attached gets no tag. It is found by what it is attached to, with",
    '"gantry discover".',
  ],
  examples: [
    {
      title: "Attach an SBOM",
      line:
        "attach --artifact-type application/spdx+json localhost:5000/hello:v1 sbom.json",
    },
    {
      title: "Attach annotations only",
      line:
        "attach --artifact-type doc/example -a reviewed=yes localhost:5000/hello:v1",
    },
    {
      title: "Attach to the image of a platform",
      line:
        "attach --artifact-type doc/example --platform linux/arm64 localhost:5000/hello:v1 notes.txt",
    },
  ],
  arity: { min: 1, meaning: "the destination artifact for attaching" },
  files: 1,
  flags: [
    {
      name: "artifact-type",
      kind: "string",
      value: "type",
      purpose: "what kind of artifact it is",
      required: true,
    },
    PLATFORM,
    ...PACK,
    ...TARGET,
    NO_TTY,
    DISTRIBUTION_SPEC,
  ],
  environment: [DOCKER_CONFIG, EPOCH],
  load: () => import("./attach.ts"),
};
