import type { Index } from "../../image/manifest.ts";
import type { ManifestContent } from "../../image/manifest_content.ts";
import { putTagged } from "../graph/_put_tagged.ts";
import type { IndexStep } from "../index_options.ts";
import type { Store } from "../store.ts";
import type { Invocation } from "./_command.ts";
import { writeOutput } from "./_file.ts";
import type { Format } from "./_format.ts";
import { indentJson } from "./_json.ts";
import { describeLocation, type Location } from "./_location.ts";
import { shortDigest } from "./render/status_lines.ts";
import { pushedBlock } from "./render/descriptor.ts";
import { printable } from "./_printable.ts";

/** Prints the steps in the making of an index, unless its bytes or JSON are what is printed. */
export function stepLines(
  { console, flags }: Invocation,
  { isText }: Format,
): (step: IndexStep) => void {
  if (!isText || flags.text("output") === "-") return () => {};
  return ({ digest, reference, step }) => {
    const shown = digest === undefined || reference === digest
      ? [reference]
      : [digest, printable(reference)];
    const verb = step[0]!.toUpperCase() + step.slice(1);
    console.out(`${verb.padEnd(9)} ${shown.join(" ")}`);
  };
}

/** An index that is made, and where it goes. */
export interface MadeIndex {
  /** The index. */
  readonly index: ManifestContent<Index>;
  /** What has been done to it, as lines say: `Packed` or `Updated`. */
  readonly word: "Packed" | "Updated";
  /** The store. */
  readonly store: Store;
  /** Where it goes. */
  readonly location: Location;
  /** The tags beside the location's own. */
  readonly tags: readonly string[];
}

/** Saves, prints or pushes an index, and tells of it. */
export async function deliverIndex(
  invocation: Invocation,
  format: Format,
  { index, location, store, tags, word }: MadeIndex,
): Promise<void> {
  const { console, flags, signal } = invocation;
  const { bytes, descriptor } = index;
  const { digest, mediaType } = descriptor;
  const output = flags.text("output");
  const isDry = flags.bool("dry-run");
  if (output === "-") {
    const text = new TextDecoder().decode(bytes);
    if (flags.bool("pretty")) return console.json(`${indentJson(text)}\n`);
    return console.json(bytes);
  }
  const say = (line: string) => {
    if (format.isText) console.out(line);
  };
  say(
    word === "Packed"
      ? `${word.padEnd(9)} ${shortDigest(digest)} ${mediaType}`
      : `${word.padEnd(9)} ${digest}`,
  );
  const all = [location.tag ?? [], tags].flat();
  if (output !== "") {
    await writeOutput(invocation, output, bytes);
  } else if (isDry) {
    console.err(`Would push ${digest} to ${describeLocation(location)}`);
  } else {
    await putTagged(store, { bytes, descriptor }, all, { signal });
    say(`Pushed    ${describeLocation(location)}`);
    for (const tag of tags) say(`Tagged ${tag}`);
  }
  say(`Digest: ${digest}`);
  format.print(
    console,
    pushedBlock(location.name, descriptor, output === "" ? all : []),
  );
}
