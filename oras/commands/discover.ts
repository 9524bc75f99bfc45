import { discover } from "../discover.ts";
import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { refuseTogether } from "./_exclusive.ts";
import { readFormat } from "./_format.ts";
import { readLocation, showLocation } from "./_location.ts";
import { openReader } from "./_open_store.ts";
import { readAnnotations } from "./_pack_options.ts";
import { readPlatform } from "./_platform.ts";
import {
  type ReferrerBlock,
  referrersBlock,
  referrersTable,
  referrersTree,
} from "./render/referrers.ts";

/** Shows what refers to a manifest. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [argument = ""], console, flags, signal } = invocation;
  refuseTogether(flags, "format", "output");
  const kind = flags.text(flags.given("output") ? "output" : "format");
  const isTree = kind === "tree";
  const isTable = kind === "table";
  if (flags.given("template") && !/^go-template(?:$|=)/.test(kind)) {
    throw new UsageError("--template must be used with --format go-template");
  }
  const format = isTree || isTable
    ? undefined
    : await readFormat(flags, { format: kind, others: ["table", "tree"] });
  if (isTable) {
    console.err(
      'Format "table" is deprecated and will be removed in a future release.',
    );
  }
  if (flags.given("output")) {
    console.err("[DEPRECATED] --output is deprecated, try `--format ` instead");
  }
  if (flags.given("depth") && flags.int("depth") < 1) {
    throw new UsageError("depth value should be at least 1");
  }
  const platform = readPlatform(flags.text("platform"));
  const artifactType = flags.text("artifact-type");
  const location = readLocation(invocation, argument, {
    needs: "tag-or-digest",
  });
  const store = await openReader(invocation, location);
  const tree = await discover(store, location.target!, {
    artifactType: artifactType === "" ? undefined : artifactType,
    annotations: readAnnotations(flags.list("annotation")),
    depth: flags.given("depth") ? flags.int("depth") : undefined,
    platform,
    signal,
  });
  const block: ReferrerBlock = referrersBlock(location.name, tree);
  if (format !== undefined) return format.print(console, block);
  const lines = isTable
    ? referrersTable(block, showLocation(location))
    : referrersTree(block, { annotations: flags.bool("verbose") });
  for (const line of lines) console.out(line);
}
