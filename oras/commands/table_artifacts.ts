import type { Command } from "./_command.ts";
import type { Flag } from "./_flag.ts";
import { CACHE, DOCKER_CONFIG, REFERENCE } from "./_words.ts";
import {
  CHUNK_SIZE,
  concurrency,
  DEBUG,
  DISTRIBUTION_SPEC,
  DRY_RUN,
  FORMAT,
  LAYOUT,
  NO_TTY,
  PLATFORM,
  REMOTE,
  TEMPLATE,
  VERBOSE,
} from "./flags.ts";

const SHORT_NAMES = [
  "A name without a registry host, such as alpine or me/app, is one of Docker Hub.",
];

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
        "version of the manifest; v1.1, and v1.0 with --config but no --artifact-type",
      check: (value) =>
        value === "v1.1" || value === "v1.0"
          ? undefined
          : `unknown image specification flag: ${value}\nAvailable options: v1.1, v1.0`,
    },
    ...FORMAT,
    NO_TTY,
    ...REMOTE,
    ...LAYOUT,
    DEBUG,
    VERBOSE,
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
    ...FORMAT,
    NO_TTY,
    ...REMOTE,
    DISTRIBUTION_SPEC,
    ...LAYOUT,
    DEBUG,
    VERBOSE,
  ],
  environment: [DOCKER_CONFIG, EPOCH],
  load: () => import("./attach.ts"),
};

/** `gantry pull` */
export const PULL: Command = {
  name: "pull",
  purpose: "Pull files and directories from a registry",
  usage: `[flags] ${REFERENCE}`,
  notes: [
    "Every file is verified before it appears under its name. Nothing is written",
    "outside the output directory. What --to-stdout prints is verified while it passes:",
    "where it turns out wrong at its end, it has been printed, and the exit code is 1.",
    ...SHORT_NAMES,
  ],
  examples: [
    { title: "Pull into this directory", line: "pull localhost:5000/hello:v1" },
    {
      title: "Pull into another one, by digest",
      line: "pull -o out localhost:5000/hello@sha256:…",
    },
    {
      title: "Also save the config",
      line: "pull --config config.json localhost:5000/hello:v1",
    },
    {
      title: "Pull some of the files",
      line:
        "pull --include '*.{md,txt}' --include 'docs/**' localhost:5000/hello:v1",
    },
    {
      title: "Print one file",
      line: "pull --include notes.md --to-stdout localhost:5000/hello:v1",
    },
    {
      title: "Save the chart of a helm artifact, which has no name of its own",
      line:
        "pull --media-type application/vnd.cncf.helm.chart.content.v1.tar+gzip --to-file chart.tgz localhost:5000/chart:1.0.0",
    },
    {
      title: "List what was pulled as JSON",
      line: "pull --format json localhost:5000/hello:v1",
    },
  ],
  arity: { min: 1, max: 1, meaning: "the artifact reference you want to pull" },
  flags: [
    {
      name: "output",
      short: "o",
      kind: "string",
      value: "directory",
      preset: ".",
      purpose: "where to put the files",
    },
    {
      name: "keep-old-files",
      short: "k",
      kind: "bool",
      purpose: "fail rather than replace a file",
    },
    {
      name: "allow-path-traversal",
      short: "T",
      kind: "bool",
      purpose: "let files be written outside the output directory (dangerous)",
    },
    {
      name: "include-subject",
      kind: "bool",
      purpose: "pull the subject's files too",
    },
    {
      name: "config",
      kind: "string",
      value: "path[:type]",
      purpose: "save the config to this file, if it has that type",
    },
    {
      name: "include",
      kind: "stringArray",
      value: "pattern",
      purpose:
        "pull files of this name only; * and ? stop at a slash, ** does not, [a-z] and {a,b} are choices",
    },
    {
      name: "media-type",
      kind: "stringArray",
      value: "type",
      purpose: "pull layers of this media type only",
    },
    PLATFORM,
    concurrency(8),
    {
      name: "to-file",
      kind: "string",
      value: "path",
      purpose:
        "save the one file that is selected here, whatever its name; a directory stays packed",
      group: "Output flags",
    },
    {
      name: "to-stdout",
      kind: "bool",
      purpose: "print the one file that is selected; a directory stays packed",
      group: "Output flags",
    },
    ...FORMAT,
    NO_TTY,
    ...REMOTE,
    ...LAYOUT,
    DEBUG,
    VERBOSE,
  ],
  environment: [DOCKER_CONFIG, CACHE],
  load: () => import("./pull.ts"),
};

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
    NO_TTY,
    ...REMOTE,
    DISTRIBUTION_SPEC,
    ...LAYOUT,
    DEBUG,
    VERBOSE,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./discover.ts"),
};
