import { AnnotationKeys } from "../image/annotations.ts";
import type { Descriptor } from "../image/descriptor.ts";
import { EMPTY_DESCRIPTOR } from "../image/empty_content.ts";
import type { Manifest } from "../image/manifest.ts";
import { pathExists } from "./_path_exists.ts";
import type { ExistingChoice, PullContext } from "./pull_steps.ts";

/** A manifest's layers, of the wanted media types, and its config where it has content. */
export function selectLayers(
  manifest: Manifest,
  { options }: PullContext,
): readonly Descriptor[] {
  const { mediaTypes } = options;
  const layers = mediaTypes === undefined
    ? manifest.layers
    : manifest.layers.filter(({ mediaType }) => mediaTypes.includes(mediaType));
  const config = namedConfig(manifest.config, options.config);
  const wanted = titleOf(config) !== undefined ||
    mediaTypes === undefined && config.digest !== EMPTY_DESCRIPTOR.digest;
  return wanted ? [...layers, config] : layers;
}

/** The config under the name of `file[:mediaType]`, where it is of that type. */
function namedConfig(
  config: Descriptor,
  name: string | undefined,
): Descriptor {
  if (!name) return config;
  const colon = name.lastIndexOf(":");
  // The colon of a drive is none that separates.
  const split = colon > 0 && !/^[A-Za-z]:[/\\][^:]*$/.test(name);
  const title = split ? name.slice(0, colon) : name;
  const mediaType = split ? name.slice(colon + 1) : "";
  if (mediaType !== "" && mediaType !== config.mediaType) return config;
  const annotations = {
    ...config.annotations,
    [AnnotationKeys.title]: title,
  };
  return { ...config, annotations };
}

/** The title among the annotations; an empty one is none. */
export function titleOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[AnnotationKeys.title] || undefined;
}

/** Whether a layer says of itself that it is a packed directory. */
export function unpacks({ annotations }: Descriptor): boolean {
  return annotations?.[AnnotationKeys.unpack] === "true";
}

/** Replaces what exists, unless that is not wanted. */
export function onExisting(
  path: string,
  { options }: PullContext,
): ExistingChoice {
  if (options.overwrite ?? true) return "replace";
  throw pathExists(path);
}
