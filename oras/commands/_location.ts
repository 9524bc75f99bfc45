import { isTag, type Reference } from "../../distribution/reference.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";
import { isDigest } from "../stores/_content.ts";
import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import type { FlagValues } from "./_flag.ts";
import { readReference } from "./_target.ts";
import { usageLine } from "./help.ts";

/** What an argument points at: something in a registry, or in an image layout on disk. */
export interface Location {
  /** Which of the two. */
  readonly kind: "registry" | "oci-layout";
  /** The repository, as `host/name`, or the path of the layout. */
  readonly name: string;
  /** The repository; not for a layout. */
  readonly repository: Reference | undefined;
  /** The tag; undefined where a digest, or nothing, is named. */
  readonly tag: string | undefined;
  /** The digest. */
  readonly digest: string | undefined;
  /** The tag or digest. */
  readonly target: string | undefined;
  /** Further tags. */
  readonly tags: readonly string[];
}

/** How an argument is read. */
export interface LocationOptions {
  /** The flags that say what it is; those of the invocation where not given. */
  readonly flags?: FlagValues;
  /**
   * What must be named: a manifest by `tag-or-digest`, content by its `digest`,
   * nothing at all, or further `tags` too, after commas.
   */
  readonly needs?: "tag-or-digest" | "digest" | "tags" | "nothing";
}

/**
 * Reads what an argument points at. With `--oci-layout` it is `path[:tag|@digest]`;
 * with `--oci-layout-path` the path is the flag's, and the argument the tag or digest.
 *
 * @throws {UsageError} It lacks what is needed, or flags exclude each other.
 * @throws {InvalidReferenceError} It is malformed.
 */
export function readLocation(
  invocation: Invocation,
  argument: string,
  options: LocationOptions = {},
): Location {
  const { flags = invocation.flags, needs = "nothing" } = options;
  const [text = "", ...tags] = needs === "tags"
    ? argument.split(",")
    : [argument];
  const location = readOne(text, flags, tags);
  if (location.kind === "registry") {
    for (const tag of tags) checkTag(tag, argument);
  }
  if (needs === "tag-or-digest" && location.target === undefined) {
    throw incomplete(
      invocation,
      argument,
      "no tag or digest specified",
      '"<name>:<tag>" or "<name>@<digest>"',
    );
  }
  if (needs === "digest" && location.digest === undefined) {
    throw incomplete(
      invocation,
      argument,
      "no digest specified",
      '"<name>@<digest>"',
    );
  }
  return location;
}

/** The location as people write it: with its tag or digest. */
export function showLocation(location: Location, target?: string): string {
  const shown = target ?? location.target;
  if (shown === undefined) return location.name;
  return `${location.name}${shown.includes(":") ? "@" : ":"}${shown}`;
}

/** The location as results show it: with its kind in front. */
export function describeLocation(location: Location, target?: string): string {
  return `[${location.kind}] ${showLocation(location, target)}`;
}

function readOne(
  text: string,
  flags: FlagValues,
  tags: readonly string[],
): Location {
  const path = flags.knows("oci-layout-path")
    ? flags.text("oci-layout-path")
    : "";
  const isLayout = flags.knows("oci-layout") && flags.bool("oci-layout");
  if (path !== "" && isLayout) {
    throw new UsageError(
      "--oci-layout-path, --oci-layout cannot be used at the same time",
    );
  }
  if ((path !== "" || isLayout) && flags.given("header")) {
    throw new UsageError(
      "custom header flags cannot be used on an OCI image layout target",
    );
  }
  if (path !== "") return layout(path, text, tags);
  if (isLayout) {
    const { name, target } = splitLayout(text);
    return layout(name, target, tags);
  }
  const reference = readReference(text);
  return {
    kind: "registry",
    name: reference.name,
    repository: reference,
    tag: reference.digest === undefined ? reference.tag : undefined,
    digest: reference.digest,
    target: reference.target,
    tags,
  };
}

/** Splits `path[:tag|@digest]` at its last `@`, else at its last `:`, as oras does. */
function splitLayout(text: string): { name: string; target: string } {
  const at = text.lastIndexOf("@");
  const colon = at < 0 ? text.lastIndexOf(":") : at;
  // A colon behind which a path goes on is part of the path, as in `C:\layout`.
  if (colon < 0 || (at < 0 && /[/\\]/.test(text.slice(colon)))) {
    return { name: text, target: "" };
  }
  return { name: text.slice(0, colon), target: text.slice(colon + 1) };
}

function layout(
  name: string,
  target: string,
  tags: readonly string[],
): Location {
  if (name === "") {
    throw new UsageError("the path of the OCI image layout is missing");
  }
  const isTagged = target !== "" && !isDigest(target);
  return {
    kind: "oci-layout",
    name,
    repository: undefined,
    tag: isTagged ? target : undefined,
    digest: isTagged || target === "" ? undefined : target,
    target: target === "" ? undefined : target,
    tags,
  };
}

/** Refuses what is no tag of a registry. */
export function checkTag(tag: string, argument: string): void {
  if (isTag(tag)) return;
  throw new InvalidReferenceError(
    "REFERENCE_TAG_INVALID",
    argument,
    `${JSON.stringify(tag)} is no tag`,
  );
}

function incomplete(
  { command, path }: Invocation,
  argument: string,
  what: string,
  form: string,
): UsageError {
  return new UsageError(`${JSON.stringify(argument)}: ${what}`, {
    usage: usageLine(command, path),
    hint:
      `Please specify a reference in the form of ${form}. Run "${path} -h" for more options and examples`,
  });
}
