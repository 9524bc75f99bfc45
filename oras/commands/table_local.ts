import type { Command } from "./_command.ts";
import type { Flag } from "./_flag.ts";
import { concurrency, DEBUG, FORMAT, REMOTE } from "./flags.ts";
import { DOCKER_CONFIG } from "./_words.ts";

const STDIN = "A file of the name - is stdin.";

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

const PACKING: readonly Flag[] = [
  {
    name: "compression",
    kind: "string",
    value: "gzip|zstd|none",
    preset: "gzip",
    choices: ["gzip", "zstd", "none"],
    purpose: "how to compress",
    check: oneOf("gzip", "zstd", "none"),
  },
  {
    name: "level",
    kind: "int",
    preset: 6,
    purpose: "how hard gzip works, from 1 to 9",
  },
  {
    name: "mtime",
    kind: "string",
    value: "time",
    purpose: "the time of all entries, in seconds since 1970 or as RFC 3339",
  },
  {
    name: "keep-owners",
    kind: "bool",
    purpose: "keep owners by number; all are 0 otherwise",
  },
  {
    name: "xattrs",
    kind: "bool",
    purpose:
      "keep extended attributes: user.*, and with --keep-owners capabilities and access lists; Deno needs --allow-ffi",
  },
];

const EPOCH = [
  "SOURCE_DATE_EPOCH",
  "seconds since 1970: the latest time of entries, without --mtime",
] as const;

function output(purpose: string): Flag {
  return {
    name: "output",
    short: "o",
    kind: "string",
    value: "path",
    purpose,
    group: "Output flags",
  };
}

/** `gantry layer …` */
export const LAYER: Command = {
  name: "layer",
  purpose: "Work with layers in files",
  commands: [
    {
      name: "ls",
      aliases: ["list"],
      purpose: "List the entries of a layer",
      usage: "[flags] {<file> | -}",
      files: 0,
      notes: ["Reads tar, gzip and zstd.", STDIN],
      examples: [{ title: "List them", line: "layer ls layer.tar.gz" }],
      arity: { min: 1, max: 1, meaning: "the layer to list" },
      flags: [...FORMAT],
      load: () => import("./layer_ls.ts"),
    },
    {
      name: "diff",
      purpose: "Find what makes one directory of another",
      usage: "[flags] <from> <to>",
      files: 0,
      notes: [
        "Prints a line for each path: A is added, C changed, D deleted. With --output",
        "the changes become a layer, with whiteouts for what is gone.",
      ],
      examples: [
        { title: "List the changes", line: "layer diff v1/ v2/" },
        {
          title: "Pack them",
          line: "layer diff -o changes.tar.gz v1/ v2/",
        },
      ],
      arity: { min: 2, max: 2, meaning: "the two directories" },
      flags: [
        ...PACKING,
        output("pack the changes into this file; - is stdout"),
        ...FORMAT,
      ],
      environment: [EPOCH],
      load: () => import("./layer_diff.ts"),
    },
    {
      name: "pack",
      purpose: "Pack a directory into a layer",
      usage: "[flags] --output <file> <directory>",
      files: 0,
      notes: [
        "Prints the layer's descriptor and its DiffID. The same tree gives the same",
        "layer.",
      ],
      examples: [
        {
          title: "Pack the root of an image",
          line: "layer pack -o layer.tar.gz rootfs/",
        },
        {
          title: "Pack it the same whenever it was made",
          line: "layer pack --mtime 0 -o layer.tar.gz rootfs/",
        },
      ],
      arity: { min: 1, max: 1, meaning: "the directory to pack" },
      flags: [
        ...PACKING,
        output("the layer's file; - is stdout"),
        ...FORMAT,
      ],
      environment: [EPOCH],
      load: () => import("./layer_pack.ts"),
    },
    {
      name: "unpack",
      aliases: ["apply"],
      purpose: "Apply layers to a directory",
      usage: "[flags] {<file> | -} [...]",
      files: 0,
      notes: [
        "The base comes first. Whiteouts delete what is below. Nothing is written",
        "outside the directory, and it stays as it was where anything fails.",
        STDIN,
      ],
      examples: [
        {
          title: "Unpack an image's layers",
          line: "layer unpack -o rootfs base.tar.gz app.tar.gz",
        },
      ],
      arity: { min: 1, meaning: "the layers to unpack" },
      flags: [
        {
          name: "output",
          short: "o",
          kind: "string",
          value: "directory",
          preset: ".",
          purpose: "where to unpack",
        },
        {
          name: "diff-id",
          kind: "stringArray",
          value: "digest",
          purpose: "what a layer must have uncompressed, in their order",
        },
        {
          name: "keep-owners",
          kind: "bool",
          purpose: "keep owners; the superuser's default",
        },
        {
          name: "ignore-owners",
          kind: "bool",
          purpose: "make all files one's own; others' default",
        },
        {
          name: "xattrs",
          kind: "bool",
          purpose:
            "fail where an extended attribute cannot be set; Deno needs --allow-ffi for any",
        },
        {
          name: "ignore-xattrs",
          kind: "bool",
          purpose:
            "set no extended attributes; those that can be are set otherwise",
        },
        ...FORMAT,
      ],
      load: () => import("./layer_unpack.ts"),
    },
    {
      name: "digest",
      purpose: "Print digest, DiffID and ChainID of layers",
      usage: "[flags] {<file> | -} [...]",
      files: 0,
      notes: ["The base comes first.", STDIN],
      examples: [
        {
          title: "Print those of two layers",
          line: "layer digest base.tar.gz app.tar.gz",
        },
      ],
      arity: { min: 1, meaning: "the layers to hash" },
      flags: [...FORMAT],
      load: () => import("./layer_digest.ts"),
    },
  ],
};

/** A check that admits these values only. */
function oneOf(
  ...values: readonly string[]
): (value: string) => string | undefined {
  return (value) =>
    values.includes(value) ? undefined : `expected ${values.join(", ")}`;
}
