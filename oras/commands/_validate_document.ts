import {
  validateErrorInfo,
  validateErrorResponse,
} from "../../distribution/error_response.ts";
import { validateRepositoryList } from "../../distribution/repository_list.ts";
import { validateTagList } from "../../distribution/tag_list.ts";
import { isFields } from "../../image/_checker.ts";
import { validateImageLayout } from "../../image/image_layout.ts";
import { JsonError, type JsonErrorCode } from "../../image/json_error.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { parseJson } from "../../image/parse_json.ts";
import { Schema1Error } from "../../image/schema1_error.ts";
import { validateSchema1 } from "../../image/schema1_manifest.ts";
import { verifySchema1 } from "../../image/schema1_signature.ts";
import { validateDescriptor } from "../../image/validate_descriptor.ts";
import { validateImageConfig } from "../../image/validate_image_config.ts";
import {
  validateIndex,
  validateManifest,
} from "../../image/validate_manifest.ts";
import type {
  ValidationIssue,
  ValidationLevel,
} from "../../image/validation.ts";

/** What can be validated, by the names that `--type` has. */
export const DOCUMENT_TYPES = [
  "descriptor",
  "manifest",
  "index",
  "config",
  "layout",
  "schema1",
  "tag-list",
  "repository-list",
  "error-response",
  "error-info",
] as const;

/** A kind of document. */
export type DocumentType = typeof DOCUMENT_TYPES[number];

/** What was found. */
export interface Verdict {
  /** Whether nothing is wrong. */
  readonly valid: boolean;
  /** What it was taken for. */
  readonly type: DocumentType | "layer" | "unknown";
  /** What is wrong. */
  readonly issues: readonly ValidationIssue[];
}

const VALIDATORS = {
  descriptor: validateDescriptor,
  manifest: validateManifest,
  index: validateIndex,
  config: validateImageConfig,
  layout: validateImageLayout,
  schema1: validateSchema1,
  "tag-list": validateTagList,
  "repository-list": validateRepositoryList,
  "error-response": validateErrorResponse,
  "error-info": validateErrorInfo,
};

const TYPES: ReadonlyMap<unknown, DocumentType> = new Map([
  [MediaTypes.manifest, "manifest"],
  [MediaTypes.dockerManifest, "manifest"],
  [MediaTypes.index, "index"],
  [MediaTypes.dockerManifestList, "index"],
  [MediaTypes.config, "config"],
  [MediaTypes.dockerConfig, "config"],
  [MediaTypes.dockerSchema1, "schema1"],
  [MediaTypes.dockerSchema1Signed, "schema1"],
]);

/** The kind of document that content of a media type is, where it is one. */
export function typeOfContent(mediaType: unknown): DocumentType | undefined {
  return TYPES.get(mediaType);
}

const FOREIGN: ReadonlySet<unknown> = new Set([
  MediaTypes.nondistributableLayer,
  MediaTypes.nondistributableLayerGzip,
  MediaTypes.nondistributableLayerZstd,
  MediaTypes.dockerForeignLayerGzip,
]);

/** Whether a descriptor is of a layer that may be left elsewhere. */
export function isForeignLayer(descriptor: unknown): boolean {
  return isFields(descriptor) && FOREIGN.has(descriptor["mediaType"]);
}

/** Validates a document, as the kind given or as what it looks like. */
export async function validateDocument(
  bytes: Uint8Array<ArrayBuffer>,
  given: DocumentType | undefined,
  level: ValidationLevel,
): Promise<Verdict> {
  let value: unknown;
  try {
    value = parseJson(bytes);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const issues = [jsonIssue(error)];
    return { valid: false, type: given ?? "unknown", issues };
  }
  const type = given ?? guess(value);
  if (type === undefined) {
    const expected = "a document of the OCI specifications";
    const actual = isFields(value)
      ? `an object with ${
        Object.keys(value).slice(0, 5).join(", ") || "nothing"
      }`
      : Array.isArray(value)
      ? "a list"
      : `a ${value === null ? "null" : typeof value}`;
    const issues = [{ path: "$", expected, actual }];
    return { valid: false, type: "unknown", issues };
  }
  const issues = [...VALIDATORS[type](value, { level })];
  if (type === "schema1" && issues.length === 0) {
    issues.push(...await signatureIssues(bytes, value));
  }
  return { valid: issues.length === 0, type, issues };
}

/** What a document looks like: by its media type, else by its fields. */
function guess(value: unknown): DocumentType | undefined {
  if (!isFields(value)) return undefined;
  const has = (...keys: string[]) =>
    keys.some((key) => Object.hasOwn(value, key));
  if (has("imageLayoutVersion")) return "layout";
  const kind = has("schemaVersion")
    ? typeOfContent(value["mediaType"])
    : undefined;
  if (kind !== undefined) return kind;
  if (has("fsLayers") || value["schemaVersion"] === 1) return "schema1";
  if (has("manifests")) return "index";
  if (has("layers") || has("schemaVersion")) return "manifest";
  if (has("digest", "size")) return "descriptor";
  if (has("rootfs", "architecture", "os")) return "config";
  if (has("repositories")) return "repository-list";
  if (has("tags")) return "tag-list";
  if (has("errors")) return "error-response";
  return has("code") ? "error-info" : undefined;
}

async function signatureIssues(
  bytes: Uint8Array<ArrayBuffer>,
  value: unknown,
): Promise<readonly ValidationIssue[]> {
  if (!isFields(value) || !Object.hasOwn(value, "signatures")) return [];
  try {
    await verifySchema1(bytes);
    return [];
  } catch (error) {
    if (!(error instanceof Schema1Error)) throw error;
    const path = "$.signatures";
    return [{
      path,
      expected: "signatures that hold",
      actual: error.message,
    }];
  }
}

/** The parts of a JSON error's message, which says "expected …, found …". */
function jsonIssue(error: JsonError): ValidationIssue {
  const found = /\): (?:expected )?(.*?)(?:, found (.*))?$/s.exec(
    error.message,
  );
  const actual = found?.[2] ?? UNNAMED[error.code];
  return {
    path: error.path,
    expected: found?.[1] ?? "JSON",
    actual: `${actual} at position ${error.position}`,
  };
}

/** What was found, by the codes of errors whose messages do not tell. */
const UNNAMED: Readonly<Record<JsonErrorCode, string>> = {
  JSON_DUPLICATE_KEY: "it again",
  JSON_INVALID: "something else",
  JSON_TOO_DEEP: "one more",
  JSON_TOO_LARGE: "more",
};
