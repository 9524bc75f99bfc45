import type { Command } from "./_command.ts";
import { DOCKER_CONFIG } from "./_words.ts";
import {
  DEBUG,
  DRY_RUN,
  FORMAT,
  REGISTRY_CONFIG,
  REMOTE,
  VERBOSE,
} from "./flags.ts";

/** `gantry login` */
export const LOGIN: Command = {
  name: "login",
  purpose: "Log in to a registry",
  usage: "[flags] <registry>",
  notes: [
    "The credential is tried at the registry before it is stored. What is not given",
    "by flags is asked for on the terminal.",
  ],
  examples: [
    { title: "Be asked for user and password", line: "login localhost:5000" },
    {
      title: "Read the password from stdin",
      line: "login -u me --password-stdin localhost:5000",
    },
  ],
  arity: { min: 1, max: 1, meaning: "the registry to log in to" },
  flags: [DRY_RUN, ...FORMAT, ...REMOTE, DEBUG, VERBOSE],
  environment: [DOCKER_CONFIG],
  load: () => import("./login.ts"),
};

/** `gantry logout` */
export const LOGOUT: Command = {
  name: "logout",
  purpose: "Forget the credential of a registry",
  usage: "[flags] <registry>",
  examples: [{ title: "Log out", line: "logout localhost:5000" }],
  arity: { min: 1, max: 1, meaning: "the registry you want to log out" },
  flags: [DRY_RUN, ...FORMAT, REGISTRY_CONFIG, DEBUG],
  environment: [DOCKER_CONFIG],
  load: () => import("./logout.ts"),
};

/** `gantry version` */
export const VERSION: Command = {
  name: "version",
  purpose: "Show the version",
  usage: "[flags]",
  examples: [
    { title: "Show it", line: "version" },
    { title: "Show it as JSON", line: "version --format json" },
  ],
  flags: [...FORMAT],
  load: () => import("./version.ts"),
};
