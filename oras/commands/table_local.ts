import type { Command } from "./_command.ts";
import { concurrency, DEBUG, FORMAT, REMOTE } from "./flags.ts";
import { oneOf } from "./_one_of.ts";
import { DOCKER_CONFIG, STDIN } from "./_words.ts";

/** What `validate` knows. */
const DOCUMENTS = [
  "auto",
  "descriptor",
  "manifest",
  "index",
  "config",
  "layout",
  "schema1",
  "layer",
  "tag-list",
  "repository-list",
  "error-response",
  "error-info",
];

/** `gantry hash` */
export const HASH: Command = {
  name: "hash",
  purpose: "Print the digests of files",
  usage: "[flags] {<file> | -} [...]",
  files: 0,
  notes: [
    "One file gives its digest alone; of several, the name follows.",
    STDIN,
  ],
  examples: [
    { title: "Print a file's digest", line: "hash app.tar" },
    {
      title: "Use another algorithm",
      line: "hash --algorithm sha512 app.tar lib.tar",
    },
    {
      title: "Compare with a digest",
      line: "hash --verify sha256:… app.tar",
    },
  ],
  arity: { min: 1, meaning: "the files to hash" },
  flags: [
    {
      name: "algorithm",
      kind: "string",
      value: "sha256|sha384|sha512|blake3",
      preset: "sha256",
      choices: ["sha256", "sha384", "sha512", "blake3"],
      purpose: "the algorithm",
      check: oneOf("sha256", "sha384", "sha512", "blake3"),
    },
    {
      name: "verify",
      kind: "string",
      value: "digest",
      purpose: "fail unless every file has this digest",
    },
    ...FORMAT,
  ],
  load: () => import("./hash.ts"),
};

/** `gantry validate` */
export const VALIDATE: Command = {
  name: "validate",
  purpose:
    "Find what is wrong with documents, layers, image layouts and references",
  usage: "[flags] {<file> | <directory> | <reference> | -} [...]",
  files: 0,
  notes: [
    "All problems are printed, each with its path. A directory is validated as an",
    "image layout with all that it holds: every blob is there, and has the size and",
    "the digest that its descriptors say. Signatures of schema 1 are verified. Of a",
    "layer, tar, gzip or zstd, names, links, whiteouts and damage are looked at.",
    "A reference, <name>{:<tag>|@<digest>} with its registry, is validated with all that",
    "is below it, which is read for that; so are oci-archive:path[:tag] and",
    "docker-archive:path[:name:tag].",
    STDIN,
  ],
  examples: [
    { title: "Validate a manifest", line: "validate manifest.json" },
    { title: "Validate an image layout", line: "validate ./image" },
    { title: "Validate a layer", line: "validate layer.tar.gz" },
    {
      title: "Validate an image in a registry",
      line: "validate localhost:5000/hello:v1",
    },
    {
      title: "Ask what a client must accept",
      line: "validate --level wire --type manifest -",
    },
    {
      title: "Print the problems as JSON",
      line: "validate --format json config.json",
    },
  ],
  arity: { min: 1, meaning: "what to validate" },
  flags: [
    {
      name: "type",
      kind: "string",
      value: "type",
      preset: "auto",
      choices: DOCUMENTS,
      purpose: `${DOCUMENTS.slice(0, -1).join(", ")} or ${
        DOCUMENTS.at(-1)
      }; auto sees it`,
      check: oneOf(...DOCUMENTS),
    },
    {
      name: "level",
      kind: "string",
      value: "schema|wire",
      preset: "schema",
      choices: ["schema", "wire"],
      purpose: "all rules, or only what a client and a registry must mind",
      check: oneOf("schema", "wire"),
    },
    {
      name: "fast",
      kind: "bool",
      purpose: "of a reference, only see whether layers are there",
    },
    concurrency(4),
    ...FORMAT,
    ...REMOTE,
    DEBUG,
  ],
  environment: [DOCKER_CONFIG],
  load: () => import("./validate.ts"),
};
