import { DigestError } from "../digest/errors.ts";
import { Digest } from "../digest/digest.ts";
import { preview } from "../digest/_preview.ts";
import { REDACTED } from "./redact.ts";
import {
  InvalidReferenceError,
  type ReferenceErrorCode,
} from "./reference_error.ts";

/** The parts of a {@linkcode Reference}. */
export interface ReferenceParts {
  /** `host[:port]`; `docker.io` for Docker Hub. */
  readonly registry: string;
  /** The repository's full name. */
  readonly repository: string;
  /** The tag. */
  readonly tag?: string | undefined;
  /** The digest. */
  readonly digest?: string | undefined;
}

const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const HOST = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])`;
const REGISTRY = new RegExp(`^${HOST}(?::([0-9]+))?$`);
/** distribution-spec §Pulling Manifests, R1. */
const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
/** distribution-spec §Pulling Manifests, R3. */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const BARE_SHA256 = /^[a-f0-9]{64}$/;
const MAX_NAME_LENGTH = 255;
const DOCKER_HUB = "docker.io";

/**
 * The name of content in a registry: `registry/repository[:tag][@digest]`.
 *
 * Immutable. Parsing follows the grammar and the normalisation that docker made
 * common: a name without a registry is on Docker Hub, and one of a single part
 * there is in `library/`. No tag is ever added.
 *
 * @example
 * ```ts
 * import { Reference } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * const reference = Reference.parse("localhost:5000/team/app:v1");
 * assertEquals(reference.registry, "localhost:5000");
 * assertEquals(reference.repository, "team/app");
 * assertEquals(reference.tag, "v1");
 *
 * assertEquals(String(Reference.parse("alpine:3")), "docker.io/library/alpine:3");
 * ```
 */
export class Reference implements ReferenceParts {
  /** `host[:port]`; `docker.io` for Docker Hub. */
  readonly registry: string;
  /** The repository's full name. */
  readonly repository: string;
  /** The tag, where one is given. */
  readonly tag: string | undefined;
  /** The digest, where one is given. */
  readonly digest: string | undefined;

  /**
   * Makes a reference of its parts, and checks each.
   *
   * @throws {InvalidReferenceError} A part is malformed.
   */
  constructor(parts: ReferenceParts) {
    const whole = join(parts);
    checkRegistry(parts.registry, whole);
    checkRepository(parts.repository, whole);
    if (parts.tag !== undefined && !isTag(parts.tag)) {
      throw new InvalidReferenceError(
        "REFERENCE_TAG_INVALID",
        whole,
        `tag ${
          preview(parts.tag)
        } is not 1 to 128 letters, digits, "_", "." and "-"`,
      );
    }
    if (parts.digest !== undefined) checkDigest(parts.digest, whole);
    this.registry = parts.registry;
    this.repository = parts.repository;
    this.tag = parts.tag;
    this.digest = parts.digest;
  }

  /**
   * Parses a reference's text.
   *
   * @throws {InvalidReferenceError} The text is no reference; `code` says which part is wrong.
   */
  static parse(text: string): Reference {
    if (text === "") {
      throw new InvalidReferenceError(
        "REFERENCE_NAME_EMPTY",
        text,
        "it is empty",
      );
    }
    refuseUrl("REFERENCE_INVALID_FORMAT", text, USER);
    if (BARE_SHA256.test(text)) {
      throw new InvalidReferenceError(
        "REFERENCE_INVALID_FORMAT",
        text,
        "it is a bare digest",
        {
          hint: "Write name@sha256:… to name content by its digest",
        },
      );
    }
    const at = text.indexOf("@");
    const digest = at < 0 ? undefined : text.slice(at + 1);
    const named = at < 0 ? text : text.slice(0, at);
    const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
    const tag = colon < 0 ? undefined : named.slice(colon + 1);
    const name = colon < 0 ? named : named.slice(0, colon);
    return new Reference({ ...splitName(name), tag, digest });
  }

  /** The tag or the digest by which a registry is asked; the digest wins where both are given. */
  get target(): string | undefined {
    return this.digest ?? this.tag;
  }

  /** `registry/repository`, without tag and digest. */
  get name(): string {
    return `${this.registry}/${this.repository}`;
  }

  /**
   * A copy with another tag, or none, and no digest.
   *
   * @throws {InvalidReferenceError} The tag is malformed.
   */
  withTag(tag: string | undefined): Reference {
    return new Reference({
      registry: this.registry,
      repository: this.repository,
      tag,
    });
  }

  /**
   * A copy with another digest and no tag.
   *
   * @throws {InvalidReferenceError} The digest is malformed.
   */
  withDigest(digest: string): Reference {
    return new Reference({
      registry: this.registry,
      repository: this.repository,
      digest,
    });
  }

  /** The canonical text, which parses to an equal reference. */
  toString(): string {
    return join(this);
  }

  /** The canonical text. */
  toJSON(): string {
    return join(this);
  }
}

/**
 * Whether a text is a tag. Follows distribution-spec §Pulling Manifests.
 *
 * @example
 * ```ts
 * import { isTag } from "@gantry/oci/distribution";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isTag("v1.2_rc-1"));
 * assertFalse(isTag("feature/x"));
 * ```
 */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Whether a text is a repository's full name. Follows distribution-spec §Pulling Manifests.
 *
 * @example
 * ```ts
 * import { isRepositoryName } from "@gantry/oci/distribution";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isRepositoryName("library/alpine"));
 * assertFalse(isRepositoryName("library/../alpine"));
 * ```
 */
export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH &&
    text.split("/").every((part) => COMPONENT.test(part));
}

/**
 * Checks the name of a registry, `host[:port]`, and gives it in the form that
 * references carry: the old names of Docker Hub become `docker.io`.
 *
 * @throws {InvalidReferenceError} The text is no host with an optional port.
 *
 * @example
 * ```ts
 * import { parseRegistryName } from "@gantry/oci/distribution";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseRegistryName("[::1]:5000"), "[::1]:5000");
 * assertEquals(parseRegistryName("index.docker.io"), "docker.io");
 * ```
 */
export function parseRegistryName(text: string): string {
  refuseUrl("REFERENCE_REGISTRY_INVALID", text, USER_OF_HOST);
  checkRegistry(text, text);
  return text === "index.docker.io" || text === "registry-1.docker.io"
    ? DOCKER_HUB
    : text;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** A user, and perhaps a password, in front of a host, as in a URL. A digest has no slash behind its `@`. */
const USER = /^([a-z][a-z0-9+.-]*:\/\/)?.*@(?=[^@]*\/)(?!sha\d+:)/i;
const USER_OF_HOST = /^([a-z][a-z0-9+.-]*:\/\/)?.*@/i;

/**
 * Refuses a URL, and a user in front of the host. The error does not repeat the
 * user's part, which may hold a password.
 */
function refuseUrl(code: ReferenceErrorCode, text: string, user: RegExp): void {
  const shown = text.replace(user, `$1${REDACTED}@`);
  if (SCHEME.test(text)) {
    throw new InvalidReferenceError(code, shown, "it is a URL", {
      hint: "Leave out the scheme: a reference begins with the registry's host",
    });
  }
  if (shown !== text) {
    throw new InvalidReferenceError(
      code,
      shown,
      "a user stands in front of the registry's host",
      { hint: "Leave out user and password, and log in instead" },
    );
  }
}

function splitName(name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  // Only a first part that could not be a path component of Docker Hub is a host.
  const isHost = first === "localhost" || /[.:A-Z]/.test(first);
  if (slash >= 0 && (isHost || first === "")) {
    checkRegistry(first, name);
    const registry = first === "index.docker.io" ? DOCKER_HUB : first;
    const repository = name.slice(slash + 1);
    return { registry, repository: inLibrary(registry, repository) };
  }
  return { registry: DOCKER_HUB, repository: inLibrary(DOCKER_HUB, name) };
}

function inLibrary(registry: string, repository: string): string {
  return registry === DOCKER_HUB && repository !== "" &&
      !repository.includes("/")
    ? `library/${repository}`
    : repository;
}

function checkRegistry(registry: string, whole: string): void {
  const match = REGISTRY.exec(registry);
  // A host that fits the grammar but no URL (`[:::]`, port 99999) cannot be asked.
  if (
    match === null || Number(match[1] ?? 0) > 65_535 ||
    !URL.canParse(`http://${registry}`)
  ) {
    throw new InvalidReferenceError(
      "REFERENCE_REGISTRY_INVALID",
      whole,
      `registry ${preview(registry)} is not host or host:port`,
    );
  }
}

function checkRepository(repository: string, whole: string): void {
  if (repository === "") {
    throw new InvalidReferenceError(
      "REFERENCE_NAME_EMPTY",
      whole,
      "the repository is missing",
    );
  }
  if (repository.length > MAX_NAME_LENGTH) {
    throw new InvalidReferenceError(
      "REFERENCE_NAME_TOO_LONG",
      whole,
      `the repository has ${repository.length} characters, and at most ${MAX_NAME_LENGTH} are allowed`,
    );
  }
  for (const component of repository.split("/")) {
    if (COMPONENT.test(component)) continue;
    if (COMPONENT.test(component.toLowerCase())) {
      throw new InvalidReferenceError(
        "REFERENCE_NAME_UPPERCASE",
        whole,
        `repository ${preview(repository)} has upper-case letters`,
        { hint: "Repository names are lower-case" },
      );
    }
    throw new InvalidReferenceError(
      "REFERENCE_INVALID_FORMAT",
      whole,
      component === ""
        ? `repository ${preview(repository)} has an empty part`
        : `${preview(component)} is not a part of a repository's name`,
    );
  }
}

function checkDigest(digest: string, whole: string): void {
  try {
    Digest.parse(digest);
  } catch (cause) {
    if (!(cause instanceof DigestError)) throw cause;
    throw new InvalidReferenceError(
      "REFERENCE_DIGEST_INVALID",
      whole,
      cause.message,
      { cause },
    );
  }
}

function join({ registry, repository, tag, digest }: ReferenceParts): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${
    digest === undefined ? "" : `@${digest}`
  }`;
}
