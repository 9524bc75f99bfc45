import { Checker, type Fields, Path } from "./_checker.ts";
import type { Index, Manifest } from "./manifest.ts";
import { MediaTypes } from "./media_type.ts";
import { checkDescriptor, MEDIA_TYPE } from "./validate_descriptor.ts";
import {
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "./validation.ts";

/**
 * Lists what is wrong with an image manifest, of OCI or of Docker's schema 2; an
 * empty list says that it is valid.
 *
 * Follows image-spec `manifest.md`. A document that has the fields of an index too
 * is refused at both levels, because others would read it as one (CVE-2021-41190).
 *
 * @example All problems at once
 * ```ts
 * import { EMPTY_DESCRIPTOR, validateManifest } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * const issues = validateManifest({
 *   schemaVersion: 2,
 *   config: { ...EMPTY_DESCRIPTOR, size: "2" },
 *   layers: [],
 * });
 * assertEquals(issues.map((issue) => issue.path), [
 *   "$.artifactType",
 *   "$.config.size",
 *   "$.layers",
 * ]);
 * ```
 */
export function validateManifest(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  checkManifest(checker, value);
  return checker.issues;
}

/**
 * Lists what is wrong with an image index or a Docker manifest list; an empty list
 * says that it is valid.
 *
 * Follows image-spec `image-index.md`. A document that has the fields of a manifest
 * too is refused at both levels (CVE-2021-41190).
 *
 * @example
 * ```ts
 * import { validateIndex } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(validateIndex({ schemaVersion: 2, manifests: [] }), []);
 * ```
 */
export function validateIndex(
  value: unknown,
  options?: ValidateOptions,
): readonly ValidationIssue[] {
  const checker = new Checker(options);
  checkIndex(checker, value);
  return checker.issues;
}

/**
 * Checks that a value is an image manifest.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { assertManifest, EMPTY_DESCRIPTOR } from "@gantry/oci/image";
 *
 * assertManifest({
 *   schemaVersion: 2,
 *   artifactType: "application/vnd.example",
 *   config: EMPTY_DESCRIPTOR,
 *   layers: [EMPTY_DESCRIPTOR],
 * });
 * ```
 */
export function assertManifest(
  value: unknown,
  options?: ValidateOptions,
): asserts value is Manifest {
  const issues = validateManifest(value, options);
  if (issues.length > 0) throw new ValidationError("manifest", issues);
}

/**
 * Checks that a value is an image index.
 *
 * @throws {ValidationError} It is none; the error lists every problem.
 *
 * @example
 * ```ts
 * import { assertIndex } from "@gantry/oci/image";
 *
 * assertIndex({ schemaVersion: 2, manifests: [] });
 * ```
 */
export function assertIndex(
  value: unknown,
  options?: ValidateOptions,
): asserts value is Index {
  const issues = validateIndex(value, options);
  if (issues.length > 0) throw new ValidationError("index", issues);
}

const CONFIG_TYPES: ReadonlySet<unknown> = new Set([
  MediaTypes.config,
  MediaTypes.dockerConfig,
]);
const LAYER_TYPES: ReadonlySet<unknown> = new Set([
  MediaTypes.layer,
  MediaTypes.layerGzip,
  MediaTypes.layerZstd,
  MediaTypes.nondistributableLayer,
  MediaTypes.nondistributableLayerGzip,
  MediaTypes.nondistributableLayerZstd,
  MediaTypes.dockerLayerGzip,
  MediaTypes.dockerForeignLayerGzip,
]);

/** Checks a whole manifest. */
export function checkManifest(checker: Checker, value: unknown): void {
  const path = new Path();
  const fields = checker.object(value, path);
  if (fields === undefined) return;
  checkHead(checker, fields, path, MANIFEST_TYPES);
  if (
    checker.strict && mediaTypeOf(fields["config"]) === MediaTypes.empty &&
    !fields["artifactType"]
  ) {
    checker.add(
      "$.artifactType",
      "an artifact type, since the config is empty",
      fields["artifactType"],
    );
  }
  const config = path.child("config");
  checkDescriptor(checker, fields["config"], config);
  if (checker.profile === "image") {
    checkOneOf(checker, fields["config"], config, CONFIG_TYPES, "config");
  }
  const place = path.child("layers");
  const layers = checker.array(fields, "layers", path, checker.strict);
  layers?.forEach((layer, index) => {
    const item = place.child(index);
    checkDescriptor(checker, layer, item);
    if (checker.profile === "image") {
      checkOneOf(checker, layer, item, LAYER_TYPES, "layer");
    }
  });
  if (layers?.length === 0 && checker.strict) {
    checker.add(place.text(), "at least one layer", layers);
  }
  if (!("layers" in fields) && !checker.strict) {
    checker.add(place.text(), "an array", undefined);
  }
  checkTail(checker, fields, path, ["manifests", "fsLayers"]);
}

/** Checks a whole index. */
export function checkIndex(checker: Checker, value: unknown): void {
  const path = new Path();
  const fields = checker.object(value, path);
  if (fields === undefined) return;
  checkHead(checker, fields, path, INDEX_TYPES);
  const place = path.child("manifests");
  const manifests = checker.array(fields, "manifests", path, checker.strict);
  manifests?.forEach((item, index) => {
    checkDescriptor(checker, item, place.child(index));
  });
  if (!("manifests" in fields) && !checker.strict) {
    checker.add(place.text(), "an array", undefined);
  }
  checkTail(checker, fields, path, ["config", "layers", "fsLayers"]);
}

const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  MediaTypes.manifest,
  MediaTypes.dockerManifest,
]);
const INDEX_TYPES: ReadonlySet<string> = new Set([
  MediaTypes.index,
  MediaTypes.dockerManifestList,
]);

function checkHead(
  checker: Checker,
  fields: Fields,
  path: Path,
  types: ReadonlySet<string>,
): void {
  if (fields["schemaVersion"] !== 2) {
    checker.add(
      path.child("schemaVersion").text(),
      "2",
      fields["schemaVersion"],
    );
  }
  const mediaType = checker.text(fields, "mediaType", path);
  if (mediaType !== undefined && checker.strict && !types.has(mediaType)) {
    checker.add(
      path.child("mediaType").text(),
      [...types].join(" or "),
      mediaType,
    );
  }
  if (checker.strict) {
    checker.pattern(fields, "artifactType", path, MEDIA_TYPE);
  } else checker.text(fields, "artifactType", path);
}

function checkTail(
  checker: Checker,
  fields: Fields,
  path: Path,
  forbidden: readonly string[],
): void {
  if (fields["subject"] !== undefined && fields["subject"] !== null) {
    checkDescriptor(checker, fields["subject"], path.child("subject"));
  }
  checker.textMap(fields, "annotations", path);
  for (const key of forbidden) {
    if (Object.hasOwn(fields, key)) {
      checker.add(
        path.child(key).text(),
        "nothing, since this belongs to another kind of document",
        fields[key],
      );
    }
  }
}

function checkOneOf(
  checker: Checker,
  descriptor: unknown,
  path: Path,
  types: ReadonlySet<unknown>,
  what: string,
): void {
  const mediaType = mediaTypeOf(descriptor);
  if (typeof mediaType === "string" && !types.has(mediaType)) {
    checker.add(
      path.child("mediaType").text(),
      `an image's ${what} media type`,
      mediaType,
    );
  }
}

function mediaTypeOf(descriptor: unknown): unknown {
  return typeof descriptor === "object" && descriptor !== null
    ? (descriptor as Fields)["mediaType"]
    : undefined;
}
