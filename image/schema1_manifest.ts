import { Checker, type Fields, isFields, Path, type Rule } from "./_checker.ts";
import { type MediaType, MediaTypes } from "./media_type.ts";
import { parseJson } from "./parse_json.ts";
import { checkDigest } from "./validate_descriptor.ts";
import {
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "./validation.ts";

/** One layer of a {@linkcode Schema1Manifest}. */
export interface Schema1Layer {
  /** The layer's digest, as it is stored. */
  readonly blobSum: string;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/** What a {@linkcode Schema1Manifest} says of one layer. */
export interface Schema1History {
  /** A JSON text: the layer's image configuration as Docker 1.x wrote it. */
  readonly v1Compatibility: string;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/** One signature of a {@linkcode Schema1Manifest}, RFC 7515. */
export interface Schema1Signature {
  /** With which algorithm and which key, as a JSON Web Key. */
  readonly header: Readonly<Record<string, unknown>>;
  /** The signature in base64url. */
  readonly signature: string;
  /** What is signed beside the payload, as JSON in base64url: how the payload is found in the document. */
  readonly protected: string;
}

/**
 * Docker's image manifest version 2, schema 1: deprecated, and still met in old
 * registries. Layers and history stand with the last one first.
 */
export interface Schema1Manifest {
  /** Always 1. */
  readonly schemaVersion: 1;
  /** The manifest's own media type; most have none. */
  readonly mediaType?: MediaType;
  /** The repository. */
  readonly name: string;
  /** The tag. */
  readonly tag: string;
  /** The processor, by Go's names. */
  readonly architecture: string;
  /** The layers, base last. */
  readonly fsLayers: readonly Schema1Layer[];
  /** What is known of each layer, in the same order. */
  readonly history: readonly Schema1History[];
  /** The signatures, where it has any. */
  readonly signatures?: readonly Schema1Signature[];
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/**
 * Lists what is wrong with a schema 1 manifest; an empty list says that it is
 * valid. Signatures are looked at, not verified: {@linkcode verifySchema1} does that.
 *
 * A document that has the fields of another kind too is refused at both levels.
 *
 * @example
 * ```ts
 * import { validateSchema1 } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const issues = validateSchema1({
 *   schemaVersion: 1,
 *   name: "library/hello",
 *   tag: "latest",
 *   architecture: "amd64",
 *   fsLayers: [{ blobSum: "sha256:1" }],
 *   history: [],
 * });
 * assertEquals(issues.map((issue) => issue.path), ["$.fsLayers[0].blobSum", "$.history"]);
 * ```
 */
export function validateSchema1(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  checkSchema1(checker, value);
  return checker.issues;
}

/**
 * Checks that a value is a schema 1 manifest.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { assertSchema1 } from "@gantry/oci/image";
 *
 * assertSchema1({
 *   schemaVersion: 1,
 *   name: "library/hello",
 *   tag: "latest",
 *   architecture: "amd64",
 *   fsLayers: [],
 *   history: [],
 * });
 * ```
 */
export function assertSchema1(
  value: unknown,
  options?: ValidateOptions,
): asserts value is Schema1Manifest {
  const issues = validateSchema1(value, options);
  if (issues.length > 0) throw new ValidationError("schema 1", issues);
}

/** Checks a whole schema 1 manifest. */
function checkSchema1(checker: Checker, value: unknown): void {
  const path = new Path();
  const fields = checker.object(value, path);
  if (fields === undefined) return;
  if (fields["schemaVersion"] !== 1) {
    checker.add("$.schemaVersion", "1", fields["schemaVersion"]);
  }
  const mediaType = checker.text(fields, "mediaType", path);
  if (mediaType !== undefined && checker.strict && !TYPES.has(mediaType)) {
    checker.add("$.mediaType", [...TYPES].join(" or "), mediaType);
  }
  for (const key of ["name", "tag", "architecture"]) {
    checker.pattern(fields, key, path, NOT_EMPTY, checker.strict);
  }
  const layers = checker.array(fields, "fsLayers", path, true);
  const place = path.child("fsLayers");
  layers?.forEach((item, index) => {
    const layer = checker.object(item, place.child(index));
    if (layer === undefined) return;
    checkDigest(checker, layer, "blobSum", place.child(index));
  });
  checkHistory(checker, fields, layers?.length, path);
  checkSignatures(checker, fields, path);
  for (const key of ["config", "layers", "manifests"]) {
    if (Object.hasOwn(fields, key)) {
      checker.add(
        path.child(key).text(),
        "nothing, since this belongs to another kind of document",
        fields[key],
      );
    }
  }
}

function checkHistory(
  checker: Checker,
  fields: Fields,
  layers: number | undefined,
  path: Path,
): void {
  const place = path.child("history");
  const history = checker.array(fields, "history", path, true);
  if (layers !== undefined && history && history.length !== layers) {
    checker.add(place.text(), `an entry for each of ${layers} layers`, history);
  }
  history?.forEach((item, index) => {
    const entry = checker.object(item, place.child(index));
    if (entry === undefined) return;
    const at = place.child(index);
    const text = checker.text(entry, "v1Compatibility", at, true);
    if (text !== undefined && checker.strict && !isJsonObject(text)) {
      checker.add(
        at.child("v1Compatibility").text(),
        "an object in JSON",
        text,
      );
    }
  });
}

function checkSignatures(checker: Checker, fields: Fields, path: Path): void {
  const place = path.child("signatures");
  checker.array(fields, "signatures", path)?.forEach((item, index) => {
    const at = place.child(index);
    const signature = checker.object(item, at);
    if (signature === undefined) return;
    const header = checker.object(signature["header"], at.child("header"));
    if (header !== undefined) {
      checker.text(header, "alg", at.child("header"), true);
    }
    checker.pattern(signature, "signature", at, BASE64_URL, true);
    checker.pattern(signature, "protected", at, BASE64_URL, true);
  });
}

function isJsonObject(text: string): boolean {
  try {
    return isFields(parseJson(new TextEncoder().encode(text)));
  } catch {
    return false;
  }
}

const TYPES: ReadonlySet<string> = new Set([
  MediaTypes.dockerSchema1,
  MediaTypes.dockerSchema1Signed,
]);
const NOT_EMPTY: Rule = { pattern: /./s, expected: "a text that is not empty" };
const BASE64_URL: Rule = { pattern: /^[A-Za-z0-9_-]+$/, expected: "base64url" };
