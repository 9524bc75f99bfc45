import type { Command } from "./_command.ts";
import type { Flag } from "./_flag.ts";
import { oneOf } from "./_one_of.ts";
import { STDIN } from "./_words.ts";
import { DRY_RUN, FORMAT } from "./flags.ts";

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
        DRY_RUN,
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
        DRY_RUN,
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
          purpose: "keep owners; the default for root",
        },
        {
          name: "ignore-owners",
          kind: "bool",
          purpose:
            "make all files those of the current user; the default for others than root",
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
        DRY_RUN,
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
