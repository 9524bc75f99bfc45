import type { Command } from "./_command.ts";
import { CACHE, DOCKER_CONFIG, REFERENCE, SHORT_NAMES } from "./_words.ts";
import {
  concurrency,
  DRY_RUN,
  MIRROR,
  NO_TTY,
  PLATFORM,
  TARGET,
} from "./flags.ts";

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
    DRY_RUN,
    {
      name: "to-file",
      kind: "string",
      value: "path",
      purpose:
        "save the one file that is selected here, whatever its name; - is stdout; a directory stays packed",
      group: "Output flags",
    },
    {
      name: "to-stdout",
      kind: "bool",
      purpose: "print the one file that is selected; a directory stays packed",
      group: "Output flags",
    },
    ...TARGET,
    MIRROR,
    NO_TTY,
  ],
  environment: [DOCKER_CONFIG, CACHE],
  load: () => import("./pull.ts"),
};
