import type { InspectedContent, Inspection } from "../_inspection.ts";
import { printable } from "../_printable.ts";
import { size } from "./transfer_line.ts";

type Row = readonly [label: string, value: string | undefined];

/** The page that tells what a reference is. Texts of strangers cannot forge lines of it. */
export function inspectionPage(
  inspection: Inspection,
  reference: string,
): string[] {
  const { annotations, artifactType, config, digest, kind } = inspection;
  const { layers, manifests, mediaType, subject, tags, totalSize } = inspection;
  return [
    ...rows([
      ["Reference", reference],
      ["Kind", kind],
      ["Media type", mediaType],
      ["Artifact type", artifactType],
      ["Digest", digest],
      ["Size", size(inspection.size)],
      ["Total size", totalSize === undefined ? undefined : size(totalSize)],
      ["Tags", tags?.join(", ")],
      ["Subject", subject?.digest],
    ]),
    ...(config === undefined ? [] : section("Config", [
      ["Digest", config.digest],
      ["Media type", config.mediaType],
      ["Size", size(config.size ?? 0)],
      ["Platform", config.platform],
      ["Created", config.created],
      ["Author", config.author],
      ["User", config.user],
      ["Working dir", config.workingDir],
      ["Entrypoint", config.entrypoint && JSON.stringify(config.entrypoint)],
      ["Cmd", config.cmd && JSON.stringify(config.cmd)],
      ["Env", counted(config.envCount, "variable")],
      ["History", counted(config.historyCount, "step")],
    ])),
    ...section("Labels", Object.entries(config?.labels ?? {})),
    ...contents("Layers", layers, ({ title }) => title),
    ...contents(
      "Manifests",
      manifests,
      ({ artifactType, platform }) => platform ?? artifactType,
    ),
    ...section("Annotations", Object.entries(annotations ?? {})),
    ...referrerLines(inspection),
  ];
}

function counted(count: number | undefined, noun: string): string | undefined {
  if (count === undefined) return undefined;
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Lines of a label and a value; those without a value are left out. */
function rows(rows: readonly Row[], indent = ""): string[] {
  const shown = rows
    .filter(([, value]) => value !== undefined)
    .map(([label, value]) => [printable(label), printable(value!)] as const);
  const width = Math.min(
    40,
    Math.max(0, ...shown.map(([label]) => label.length)),
  );
  return shown.map(([label, value]) =>
    `${indent}${`${label}:`.padEnd(width + 1)} ${value}`
  );
}

function section(title: string, lines: readonly Row[]): string[] {
  const shown = rows(lines, "  ");
  return shown.length === 0 ? [] : ["", `${title}:`, ...shown];
}

/** A table of content: digest, size, media type, and what else is known of each. */
function contents(
  title: string,
  list: readonly InspectedContent[] | undefined,
  note: (content: InspectedContent) => string | undefined,
): string[] {
  if (list === undefined || list.length === 0) return [];
  const table = list.map((content) => [
    printable(content.digest),
    content.size === undefined ? "" : size(content.size),
    printable(content.mediaType ?? ""),
    printable(note(content) ?? ""),
  ]);
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((cells) => cells[column]!.length))
  );
  return [
    "",
    `${title}:`,
    ...table.map((cells) => {
      const [digest, bytes, mediaType, rest] = cells as [
        string,
        string,
        string,
        string,
      ];
      return [
        `  ${digest.padEnd(widths[0]!)}`,
        bytes.padStart(widths[1]!),
        mediaType.padEnd(widths[2]!),
        rest,
      ].join("  ").trimEnd();
    }),
  ];
}

function referrerLines({ referrers }: Inspection): string[] {
  if (referrers === undefined) return [];
  if (referrers === null) return ["", "Referrers: not known"];
  return section(
    "Referrers",
    referrers.map(({ artifactType, digests }) => [
      artifactType || "<unknown>",
      String(digests.length),
    ]),
  );
}
