/** An argument that names a file with an archive. */
export interface ArchiveArgument {
  /** What is in it: an OCI image layout, or what `docker save` writes. */
  readonly kind: "oci-archive" | "docker-archive";
  /** The file. */
  readonly path: string;
  /** The tag, or the name that an image is loaded under; undefined where none is given. */
  readonly target: string | undefined;
}

/** Reads `oci-archive:path[:tag]` and `docker-archive:path[:name:tag]`; undefined where it is neither. */
export function readArchiveArgument(text: string): ArchiveArgument | undefined {
  const found = /^(oci-archive|docker-archive):(?!\/\/)(.+)$/s.exec(text);
  if (found === null) return undefined;
  const kind = found[1] as ArchiveArgument["kind"];
  const rest = found[2]!;
  // The colon of a drive is part of the path.
  const colon = rest.indexOf(":", /^[A-Za-z]:[/\\]/.test(rest) ? 2 : 0);
  if (colon < 0) return { kind, path: rest, target: undefined };
  return {
    kind,
    path: rest.slice(0, colon),
    target: rest.slice(colon + 1) || undefined,
  };
}
