import type { Command } from "./_command.ts";
import { DOCKER_CONFIG } from "./_words.ts";
import {
  CHUNK_SIZE,
  concurrency,
  DEBUG,
  DISTRIBUTION_SPEC,
  DRY_RUN,
  FORMAT,
  LAYOUT,
  MIRROR,
  NO_TTY,
  PATIENCE,
  PLATFORM,
  REMOTE,
  RESOLVE_BOTH,
  side,
  VERBOSE,
} from "./flags.ts";

/** `gantry cp` */
export const CP: Command = {
  name: "cp",
  aliases: ["copy"],
  purpose: "Copy artifacts between registries, layouts and archives",
  usage: "[flags] <from>{:<tag>|@<digest>} <to>[:<tag>[,<tag>][...]]",
  notes: [
    "Content is copied byte for byte, so that digests stay. What the target has is",
    "not sent again, and a copy that was interrupted goes on where it was.",
    "oci-archive:FILE[:TAG] and docker-archive:FILE[:NAME:TAG] name archives.",
  ],
  examples: [
    {
      title: "Copy from one registry to another",
      line: "cp localhost:5000/hello:v1 ghcr.io/me/hello:v1",
    },
    {
      title: "Copy all that is attached, too",
      line: "cp -r localhost:5000/hello:v1 ghcr.io/me/hello:v1,latest",
    },
    {
      title: "Copy into an OCI image layout",
      line: "cp --to-oci-layout localhost:5000/hello:v1 layout:v1",
    },
    {
      title: "Save an image for docker load",
      line:
        "cp alpine:3.20 docker-archive:alpine.tar:alpine:3.20 --platform linux/amd64",
    },
    {
      title: "Push what docker saved",
      line: "cp docker-archive:image.tar localhost:5000/image:v1",
    },
  ],
  arity: { min: 2, max: 2, meaning: "the source and destination for copying" },
  flags: [
    {
      name: "recursive",
      short: "r",
      kind: "bool",
      purpose: "copy what refers to it, and what refers to that",
    },
    {
      name: "digest-tags",
      kind: "bool",
      purpose: "copy tags made of its digest, such as cosign's signatures",
    },
    {
      name: "force",
      kind: "bool",
      purpose: "check all that the target has below the manifest, and mend it",
    },
    {
      name: "no-clobber",
      kind: "bool",
      purpose:
        "fail where a tag points at something else, or an archive exists",
    },
    {
      name: "include-foreign",
      kind: "bool",
      purpose: "copy layers that must not be distributed, too",
    },
    PLATFORM,
    concurrency(8),
    CHUNK_SIZE,
    DRY_RUN,
    ...FORMAT,
    NO_TTY,
    ...side("from", [...REMOTE, MIRROR, DISTRIBUTION_SPEC, ...LAYOUT]),
    ...side("to", [...REMOTE, DISTRIBUTION_SPEC, ...LAYOUT]),
    ...PATIENCE,
    RESOLVE_BOTH,
    DEBUG,
    VERBOSE,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./cp.ts"),
};
