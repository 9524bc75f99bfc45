import type { Command } from "./_command.ts";
import { DOCKER_CONFIG } from "./_words.ts";
import {
  concurrency,
  DEBUG,
  DRY_RUN,
  FORMAT,
  MIRROR,
  REMOTE,
} from "./flags.ts";

/** The flags of a registry that do not tell who the user is: of several registries, one user is no one's. */
const SHARED = [...REMOTE, MIRROR].filter(({ name }) =>
  name !== "username" && !/^(?:password|identity-token)/.test(name)
);

/** `gantry sync` */
export const SYNC: Command = {
  name: "sync",
  purpose: "Copy what a configuration names, as far as it has changed",
  usage: "[flags] {<file> | -}",
  notes: [
    "The configuration is YAML or JSON in the vocabulary of regsync: version, creds,",
    "defaults and sync, with entries of type image, repository or registry. A source or",
    "target ocidir://path is an OCI image layout on disk. Fields that have no effect are",
    "named on stderr; unknown ones are refused. Schedules are left to cron and CI.",
    "Credentials are those of creds, or else those that login has stored. What fails",
    "does not keep the rest from being done; the exit code is 1 then.",
  ],
  examples: [
    { title: "Copy what has changed", line: "sync mirror.yaml" },
    { title: "See what that would be", line: "sync --dry-run mirror.yaml" },
    {
      title: "Report it as JSON, eight tags at once",
      line: "sync --format json --concurrency 8 mirror.yaml",
    },
  ],
  arity: { min: 1, max: 1, meaning: "the configuration" },
  files: 0,
  flags: [
    {
      ...concurrency(4),
      purpose:
        "how many tags are copied at once, whatever the configuration says",
    },
    {
      name: "missing",
      kind: "bool",
      purpose: "copy only tags that the target does not have",
    },
    DRY_RUN,
    ...FORMAT,
    ...SHARED,
    DEBUG,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./sync.ts"),
};
