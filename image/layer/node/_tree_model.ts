/** Attributes of a directory, set on it once nothing more is written there. */
export interface DirectoryAttributes {
  /** Permission and set-id bits. */
  readonly mode: number;
  /** When it was last changed. */
  readonly mtime: Date | undefined;
  /** The owner's and the group's numbers, where they are to be set. */
  readonly owner?: readonly [number, number];
  /** Whether a layer says so, and not what was there before. */
  readonly layered?: boolean;
}

/** A file, or what else has no inside and leads nowhere. */
export interface FileNode {
  /** What it is. */
  readonly kind: "file";
  /** The number of the layer that it came with. */
  readonly layer: number;
}

/** A symbolic link. */
export interface LinkNode {
  /** What it is. */
  readonly kind: "link";
  /** The number of the layer that it came with. */
  readonly layer: number;
  /** What it points at, as it stands. */
  readonly target: string;
  /** The last layer that had an entry below it. */
  followed: number;
}

/** A directory. */
export interface DirectoryNode {
  /** What it is. */
  readonly kind: "directory";
  /** The number of the last layer with an entry of it; parents that nobody named have the one before the first. */
  layer: number;
  /** The last layer that put something below it. */
  touched: number;
  /** The last layer that hid all that was below it here. */
  hidden: number;
  /** What the last entry of it says. */
  attributes: DirectoryAttributes | undefined;
  /** What is in it. */
  readonly children: Map<string, TreeNode>;
}

/** A thing in a tree that is being built from layers. */
export type TreeNode = FileNode | LinkNode | DirectoryNode;

/** The number of what no layer brought. */
export const BASE = -1;

/** An empty directory. */
export function directoryNode(
  layer: number,
  attributes?: DirectoryAttributes,
): DirectoryNode {
  return {
    kind: "directory",
    layer,
    touched: BASE,
    hidden: BASE,
    attributes,
    children: new Map(),
  };
}
