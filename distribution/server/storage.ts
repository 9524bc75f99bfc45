import type { Descriptor } from "../../image/descriptor.ts";

/** A part of a blob: the bytes from `start` to before `end`. */
export interface ByteRange {
  /** The first byte, counted from 0. */
  readonly start: number;
  /** The byte behind the last one. */
  readonly end: number;
}

/** Which part of a sorted list is wanted. */
export interface Page {
  /** The list goes on behind this entry, which need not exist. */
  readonly last?: string | undefined;
  /** The most entries to give. */
  readonly limit: number;
}

/** A manifest as it is stored: exact bytes, and what they are. */
export interface StoredManifest {
  /** The digest, `algorithm:encoded`. */
  readonly digest: string;
  /** The media type that it was pushed with. */
  readonly mediaType: string;
  /** The exact bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Throws where a tag may not be pointed at something; `current` is what it points at, if it is there. */
export type TagCheck = (tag: string, current: string | undefined) => void;

/**
 * Where a registry keeps its content.
 *
 * The registry checks names, digests, sizes and documents before it calls; a
 * storage keeps and finds. Each call stands for itself, and none assumes that
 * content can be renamed, appended to or linked, so that files, memory and object
 * stores all fit. What a call has not finished must stay invisible to all others.
 *
 * Blobs belong to a repository: a blob that only another repository holds does
 * not exist. Names of repositories, tags and digests always are valid.
 */
export interface RegistryStorage {
  /** The names of the repositories, in byte order. */
  repositories(page: Page): Promise<readonly string[]>;
  /** Whether there is such a repository. */
  hasRepository(repository: string): Promise<boolean>;

  /** The size of a blob in bytes, or undefined where the repository has it not. */
  blobSize(repository: string, digest: string): Promise<number | undefined>;
  /** Reads a blob, or a part of it; undefined where the repository has it not. */
  readBlob(
    repository: string,
    digest: string,
    range?: ByteRange,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined>;
  /** Makes a blob of one repository one of another's too. Gives false where `from` has it not. */
  mountBlob(
    repository: string,
    digest: string,
    from: string,
  ): Promise<boolean>;
  /** Deletes a blob. Gives false where the repository has it not. */
  deleteBlob(repository: string, digest: string): Promise<boolean>;

  /** Begins an upload and gives its identifier: letters, digits and `-`, not to be guessed. */
  createUpload(repository: string): Promise<string>;
  /** How many bytes of an upload are kept, or undefined where the repository has no such upload. */
  uploadSize(repository: string, upload: string): Promise<number | undefined>;
  /**
   * Adds the next part to an upload, and gives the size that is then kept.
   *
   * Where the body fails, the call fails likewise; what had arrived may be kept,
   * and `uploadSize` then says so. Calls for one upload never overlap within one
   * registry.
   */
  writeUpload(
    repository: string,
    upload: string,
    offset: number,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<number>;
  /** Reads what is kept of an upload. */
  readUpload(
    repository: string,
    upload: string,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /**
   * Makes an upload a blob. The registry has checked that the content, `size`
   * bytes, has this digest. Creates the repository where it does not exist.
   */
  commitUpload(
    repository: string,
    upload: string,
    digest: string,
    size: number,
  ): Promise<void>;
  /** Drops an upload. Gives false where the repository has no such upload. */
  deleteUpload(repository: string, upload: string): Promise<boolean>;
  /** Drops the uploads of all repositories that were last written before a time, in milliseconds since 1970. */
  expireUploads(before: number): Promise<void>;

  /** Reads a manifest by a tag or a digest, or gives undefined where the repository has it not. */
  readManifest(
    repository: string,
    reference: string,
  ): Promise<StoredManifest | undefined>;
  /**
   * Keeps a manifest, then points tags at it. Creates the repository where it does
   * not exist.
   *
   * Where `check` is given it is called for each tag, once or again, with the digest
   * that it points at before; no other call changes the tag between the last time and
   * the write. Where it throws, that tag is not changed.
   */
  writeManifest(
    repository: string,
    manifest: StoredManifest,
    tags: readonly string[],
    check?: TagCheck,
  ): Promise<void>;
  /** Deletes a manifest with all its tags. Gives false where the repository has it not. */
  deleteManifest(repository: string, digest: string): Promise<boolean>;
  /** The tags of a repository in byte order, or undefined where there is no such repository. */
  tags(repository: string, page: Page): Promise<readonly string[] | undefined>;
  /** Deletes a tag, and not what it points at. Gives false where there is no such tag. */
  deleteTag(repository: string, tag: string): Promise<boolean>;
  /**
   * The manifests of a repository whose `subject` is this digest, in any order.
   * The descriptors are those that {@linkcode describeReferrer} makes.
   */
  referrers(
    repository: string,
    subject: string,
  ): Promise<readonly Descriptor[]>;

  /** Ends the storage: after this there are no calls. */
  close?(): Promise<void>;
}
