import { Reference } from "../../distribution/reference.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";
import { readArchiveArgument } from "./_archive_argument.ts";
import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { usageLine } from "./help.ts";

/** A host and nothing else. By the grammar it is the name of an image of Docker Hub, where none is called so. */
const BARE_HOST = /^(?:localhost|[^/:@]+\.[^/:@]+)(?::\d*)?$/;

/**
 * Reads a reference.
 *
 * @throws {InvalidReferenceError} It is none, or has no repository.
 */
export function readReference(text: string): Reference {
  if (BARE_HOST.test(text)) {
    throw new InvalidReferenceError(
      "REFERENCE_NAME_EMPTY",
      text,
      "the repository is missing",
    );
  }
  // Otherwise these would be images of Docker Hub, where none are called so.
  if (readArchiveArgument(text) !== undefined) {
    throw new UsageError(
      `${JSON.stringify(text)}: only cp and validate take archives`,
      {
        hint:
          "Read a layout in a tar file with --oci-layout, or copy the archive first",
      },
    );
  }
  return Reference.parse(text);
}

/**
 * Reads the reference of an existing manifest.
 *
 * @throws {UsageError} It has neither tag nor digest.
 */
export function readTarget(invocation: Invocation): Reference {
  const { args: [text = ""], command, path } = invocation;
  const reference = readReference(text);
  if (reference.target !== undefined) return reference;
  throw new UsageError(
    `${JSON.stringify(text)}: no tag or digest specified`,
    {
      usage: usageLine(command, path),
      hint:
        `Please specify a reference in the form of "<name>:<tag>" or "<name>@<digest>". Run "${path} -h" for more options and examples`,
    },
  );
}
