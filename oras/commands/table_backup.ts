import type { Command } from "./_command.ts";
import { checkFilled } from "./_flag.ts";
import { DOCKER_CONFIG } from "./_words.ts";
import {
  concurrency,
  DEBUG,
  DISTRIBUTION_SPEC,
  DRY_RUN,
  FORMAT,
  MIRROR,
  NO_TTY,
  REMOTE,
} from "./flags.ts";

/** `gantry backup` */
export const BACKUP: Command = {
  name: "backup",
  purpose: "Save a repository to an OCI image layout, or an archive of one",
  usage: "[flags] --output <path> <registry>/<repository>[:<tag>[,<tag>...]]",
  notes: [
    "Without tags all of them are saved, and so are signatures that have a tag. A backup",
    "into a layout that is there already adds what it lacks.",
  ],
  examples: [
    {
      title: "Save all tags to a folder",
      line: "backup --output hello localhost:5000/hello",
    },
    {
      title: "Save two tags, with all that is attached, to an archive",
      line:
        "backup --output hello.tar --include-referrers localhost:5000/hello:v1,v2",
    },
  ],
  arity: { min: 1, max: 1, meaning: "the artifact to back up" },
  flags: [
    {
      name: "output",
      short: "o",
      kind: "string",
      value: "path",
      purpose: "where to: a folder, or an archive where it ends in .tar",
      required: true,
      check: checkFilled,
    },
    {
      name: "include-referrers",
      kind: "bool",
      purpose: "save all that is attached, too",
    },
    concurrency(3),
    DRY_RUN,
    ...FORMAT,
    NO_TTY,
    ...REMOTE,
    MIRROR,
    DISTRIBUTION_SPEC,
    DEBUG,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./backup.ts"),
};

/** `gantry restore` */
export const RESTORE: Command = {
  name: "restore",
  purpose: "Bring a backup into a repository",
  usage: "[flags] --input <path> <registry>/<repository>[:<tag>[,<tag>...]]",
  notes: ["Without tags all of the backup are restored."],
  examples: [
    {
      title: "Restore all tags, and all that is attached",
      line: "restore --input hello localhost:5000/hello",
    },
    {
      title: "See what would be restored of an archive",
      line: "restore --input hello.tar --dry-run localhost:5000/hello:v1",
    },
  ],
  arity: { min: 1, max: 1, meaning: "the target to restore to" },
  flags: [
    {
      name: "input",
      kind: "string",
      value: "path",
      purpose: "the backup: a folder, or an archive",
      required: true,
      check: checkFilled,
    },
    {
      name: "exclude-referrers",
      kind: "bool",
      purpose: "leave out what is attached",
    },
    concurrency(5),
    DRY_RUN,
    ...FORMAT,
    NO_TTY,
    ...REMOTE,
    DISTRIBUTION_SPEC,
    DEBUG,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./restore.ts"),
};
