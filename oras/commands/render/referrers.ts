import type { ReferrerTree } from "../../discover.ts";
import { prettyJson } from "../_json.ts";
import { printable, printableJson } from "../_printable.ts";
import { type DescriptorBlock, descriptorBlock } from "./descriptor.ts";

/** A manifest with what refers to it, as results tell it. */
export interface ReferrerBlock extends DescriptorBlock {
  /** What refers to it. */
  readonly referrers: readonly ReferrerBlock[];
}

/** Describes a tree of referrers for a JSON result. */
export function referrersBlock(
  name: string,
  { descriptor, referrers }: ReferrerTree,
): ReferrerBlock {
  return {
    ...descriptorBlock(name, descriptor),
    referrers: referrers.map((referrer) => referrersBlock(name, referrer)),
  };
}

/** How a tree is drawn. */
export interface TreeOptions {
  /** Whether the annotations are shown. */
  readonly annotations: boolean;
}

/** A line of a tree, with what hangs below it. */
interface Branch {
  readonly text: string;
  readonly branches: readonly Branch[];
}

/** Draws a tree of referrers: by type, then digest, each with its annotations. */
export function referrersTree(
  block: ReferrerBlock,
  options: TreeOptions,
): string[] {
  return [
    block.reference,
    ...draw(typeBranches(block.referrers, options), ""),
  ];
}

/** Lists the referrers of a manifest itself, below each other. */
export function referrersTable(
  { digest, referrers }: ReferrerBlock,
  name: string,
): string[] {
  const count = referrers.length;
  const head = [
    `Discovered ${count} artifact${count === 1 ? "" : "s"} referencing ${name}`,
    `Digest: ${digest}`,
  ];
  if (count === 0) return head;
  const types = referrers.map(({ artifactType }) => typeOf(artifactType));
  const width = Math.max(...types.map((type) => type.length), 13);
  return [
    ...head,
    "",
    `${"Artifact Type".padEnd(width)}   Digest`,
    ...referrers.flatMap((referrer, index) => {
      const { referrers: _, reference: __, ...descriptor } = referrer;
      return [
        `${types[index]!.padEnd(width)}   ${referrer.digest}`,
        printableJson(prettyJson(descriptor)),
      ];
    }),
  ];
}

function typeOf(artifactType: string | undefined): string {
  return artifactType ? printable(artifactType) : "<unknown>";
}

function typeBranches(
  referrers: readonly ReferrerBlock[],
  options: TreeOptions,
): Branch[] {
  const byType = Map.groupBy(
    referrers,
    ({ artifactType }) => typeOf(artifactType),
  );
  return [...byType].map(([text, group]) => ({
    text,
    branches: group.map((referrer) => ({
      text: referrer.digest,
      branches: [
        ...annotationBranches(referrer, options),
        ...typeBranches(referrer.referrers, options),
      ],
    })),
  }));
}

function annotationBranches(
  { annotations = {} }: ReferrerBlock,
  options: TreeOptions,
): Branch[] {
  const pairs = Object.entries(annotations);
  if (pairs.length === 0 || !options.annotations) return [];
  return [{
    text: "[annotations]",
    branches: pairs.map(([key, value]) => ({
      text: `${yamlText(key)}: ${yamlText(value)}`,
      branches: [],
    })),
  }];
}

function draw(branches: readonly Branch[], indent: string): string[] {
  return branches.flatMap(({ branches: below, text }, index) => {
    const isLast = index === branches.length - 1;
    return [
      `${indent}${isLast ? "└── " : "├── "}${text}`,
      ...draw(below, `${indent}${isLast ? "    " : "│   "}`),
    ];
  });
}

/** What YAML would read as another type than a text. */
const OTHER_TYPE =
  /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?(?:\d[\d_]*|0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0b[01]+)|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|\d{4}-\d{2}-\d{2}(?:[Tt ][\d:.]+(?:Z|[-+][\d:]+)?)?)?$/;
/** What YAML 1.1 read as a truth value. */
const OLD_TRUTH = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;
/** What begins something else than a text, or ends one. */
const SPECIAL = /^[-?:](?:\s|$)|^[,[\]{}#&*!|>'"%@`]|:(?:\s|$)|\s#|^\s|\s$/;

/** A text as YAML writes it. */
function yamlText(text: string): string {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]/.test(text)) {
    return printable(JSON.stringify(text));
  }
  if (OTHER_TYPE.test(text)) return JSON.stringify(text);
  return OLD_TRUTH.test(text) || SPECIAL.test(text)
    ? `'${text.replaceAll("'", "''")}'`
    : text;
}
