import { readAll } from "../../distribution/_read_all.ts";
import { isFields } from "../../image/_checker.ts";
import type { Annotations } from "../../image/annotations.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { EMPTY_DESCRIPTOR } from "../../image/empty_content.ts";
import type { Index, Manifest } from "../../image/manifest.ts";
import { isIndex, isManifest } from "../../image/manifest_content.ts";
import { MediaTypes } from "../../image/media_type.ts";
import { MAX_MANIFEST_SIZE, parseJson } from "../../image/parse_json.ts";
import { formatPlatform, type Platform } from "../../image/platform.ts";
import type { Fetcher } from "../store.ts";
import { CommandError } from "./_errors.ts";

/** What a reference is, as `inspect` tells it. Keys stand in the order in which they are printed. */
export interface Inspection {
  /** The reference, with its digest. */
  readonly reference: string;
  /** What kind of thing it is. */
  readonly kind: "image" | "artifact" | "index" | "schema 1" | "unknown";
  /** The media type of its manifest. */
  readonly mediaType: string;
  /** What kind of artifact it says that it is. */
  readonly artifactType?: string;
  /** The digest of its manifest. */
  readonly digest: string;
  /** The size of its manifest in bytes. */
  readonly size: number;
  /** Manifest, config and layers together, in bytes. */
  readonly totalSize?: number;
  /** The tags that point at it. */
  readonly tags?: readonly string[];
  /** The config. */
  readonly config?: InspectedConfig;
  /** The layers, the lowest first. */
  readonly layers?: readonly InspectedContent[];
  /** What an index lists. */
  readonly manifests?: readonly InspectedContent[];
  /** The annotations, sorted by key. */
  readonly annotations?: Annotations;
  /** What it says something about. */
  readonly subject?: InspectedContent;
  /** What says something about it, by type; null where the registry does not tell. */
  readonly referrers?: readonly InspectedReferrers[] | null;
}

/** A piece of content that a manifest points at. */
export interface InspectedContent {
  /** The media type. */
  readonly mediaType?: string;
  /** The digest. */
  readonly digest: string;
  /** The size in bytes; schema 1 does not tell it. */
  readonly size?: number;
  /** The platform, as `os/architecture[/variant]`. */
  readonly platform?: string;
  /** The title. */
  readonly title?: string;
  /** The type of artifact. */
  readonly artifactType?: string;
}

/** The config, and what the config of an image says. */
export interface InspectedConfig extends InspectedContent {
  /** When the image was made. */
  readonly created?: string;
  /** By whom. */
  readonly author?: string;
  /** The user that it runs as. */
  readonly user?: string;
  /** The directory that it runs in. */
  readonly workingDir?: string;
  /** The command's fixed part. */
  readonly entrypoint?: readonly string[];
  /** The command's default arguments. */
  readonly cmd?: readonly string[];
  /** How many environment variables it sets. Their values can be secrets and are not shown. */
  readonly envCount?: number;
  /** The labels, sorted by name. */
  readonly labels?: Annotations;
  /** How many steps its history has. */
  readonly historyCount?: number;
}

/** The referrers of one type. */
export interface InspectedReferrers {
  /** The type; "" where they tell none. */
  readonly artifactType: string;
  /** Their digests. */
  readonly digests: readonly string[];
}

/** A manifest, and where its config can be read. */
export interface Inspected {
  readonly store: Fetcher;
  readonly name: string;
  readonly descriptor: Descriptor;
  readonly value: Manifest | Index | Record<string, unknown>;
  readonly signal: AbortSignal;
}

/** Tells what a manifest is. At most one request is sent, for the config of an image. */
export async function inspectManifest(
  { descriptor, name, signal, store, value }: Inspected,
): Promise<Inspection> {
  const { digest, mediaType, size } = descriptor;
  const base = { mediaType, digest, size };
  const reference = `${name}@${digest}`;
  if (isIndex(value)) {
    return {
      reference,
      kind: "index",
      ...withType(base, value.artifactType),
      manifests: value.manifests.map(contentOf),
      ...tail(value),
    };
  }
  if (isManifest(value)) {
    const { config, layers } = value;
    const isImage = IMAGE_CONFIGS.has(config.mediaType);
    const type = value.artifactType ?? (isImage ? undefined : config.mediaType);
    const total = [config, ...layers].reduce(
      (sum, { size }) => sum + size,
      size,
    );
    return {
      reference,
      kind: isImage && value.artifactType === undefined ? "image" : "artifact",
      ...withType(base, type),
      totalSize: total,
      config: {
        ...contentOf(config),
        ...(isImage && summary(await readConfig(store, config, signal))),
      },
      layers: layers
        .filter(({ digest }) => digest !== EMPTY_DESCRIPTOR.digest)
        .map(contentOf),
      ...tail(value),
    };
  }
  const fields: Record<string, unknown> = value;
  const fsLayers = fields["fsLayers"];
  if (!Array.isArray(fsLayers)) return { reference, kind: "unknown", ...base };
  return {
    reference,
    kind: "schema 1",
    ...base,
    // Schema 1 has the topmost layer first.
    layers: fsLayers.toReversed().flatMap((layer) =>
      isFields(layer) && typeof layer["blobSum"] === "string"
        ? [{ digest: layer["blobSum"] }]
        : []
    ),
  };
}

/** Adds what costs requests of its own, in its place. */
export function completeInspection(
  { config, layers, manifests, annotations, subject, ...head }: Inspection,
  more: {
    readonly tags: readonly string[] | undefined;
    readonly referrers: readonly InspectedReferrers[] | null;
  },
): Inspection {
  return {
    ...head,
    ...(more.tags && { tags: more.tags }),
    ...(config && { config }),
    ...(layers && { layers }),
    ...(manifests && { manifests }),
    ...(annotations && { annotations }),
    ...(subject && { subject }),
    referrers: more.referrers,
  };
}

const IMAGE_CONFIGS: ReadonlySet<string> = new Set([
  MediaTypes.config,
  MediaTypes.dockerConfig,
]);

type Base = Pick<Inspection, "mediaType" | "digest" | "size">;

function withType(
  { digest, mediaType, size }: Base,
  artifactType: string | undefined,
): Base & Pick<Inspection, "artifactType"> {
  return { mediaType, ...(artifactType && { artifactType }), digest, size };
}

function tail(
  { annotations = {}, subject }: Manifest | Index,
): Pick<Inspection, "annotations" | "subject"> {
  return {
    ...(Object.keys(annotations).length > 0 && {
      annotations: sorted(annotations),
    }),
    ...(subject && { subject: contentOf(subject) }),
  };
}

function contentOf(descriptor: Descriptor): InspectedContent {
  const { annotations, artifactType, digest, mediaType, platform, size } =
    descriptor;
  const title = annotations?.["org.opencontainers.image.title"];
  return {
    mediaType,
    digest,
    size,
    ...(platform && { platform: formatPlatform(platform) }),
    ...(title && { title }),
    ...(artifactType && { artifactType }),
  };
}

/** The fields of a config; none where it is no JSON object. */
async function readConfig(
  store: Fetcher,
  config: Descriptor,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const bytes = await readAll(
    await store.fetch(config, { signal }),
    MAX_MANIFEST_SIZE,
    () =>
      new CommandError(
        `the config ${config.digest} is larger than ${MAX_MANIFEST_SIZE} bytes`,
      ),
  );
  try {
    const value = parseJson(bytes);
    return isFields(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

function summary(
  fields: Record<string, unknown>,
): Partial<InspectedConfig> {
  const { author, created, history } = fields;
  const run = isFields(fields["config"]) ? fields["config"] : {};
  const { Cmd, Entrypoint, Env, Labels, User, WorkingDir } = run;
  const { architecture, os } = fields;
  const platform = typeof os === "string" && typeof architecture === "string"
    ? formatPlatform(fields as Platform)
    : undefined;
  return {
    ...(platform && { platform }),
    ...(isText(created) && { created }),
    ...(isText(author) && { author }),
    ...(isText(User) && { user: User }),
    ...(isText(WorkingDir) && { workingDir: WorkingDir }),
    ...(isTexts(Entrypoint) && { entrypoint: Entrypoint }),
    ...(isTexts(Cmd) && { cmd: Cmd }),
    ...(Array.isArray(Env) && { envCount: Env.length }),
    ...(isFields(Labels) && Object.values(Labels).every(isString) && {
      labels: sorted(Labels as Annotations),
    }),
    ...(Array.isArray(history) && { historyCount: history.length }),
  };
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isText(value: unknown): value is string {
  return isString(value) && value !== "";
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}

function sorted(annotations: Annotations): Annotations {
  return Object.fromEntries(
    Object.entries(annotations).sort(([a], [b]) => a < b ? -1 : 1),
  );
}
