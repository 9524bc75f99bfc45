/** How one field of a model is serialised. */
export interface Field {
  /** The key in JSON. */
  readonly key: string;
  /** Whether the field stays away where its value is empty. */
  readonly omitEmpty: boolean;
  /** Whether the value is a map, whose keys are sorted. */
  readonly map: boolean;
  /** The shape of the value, or of its items, where its place tells it. */
  readonly shape: Shape | undefined;
}

/** The fields of a model in the order in which Go's struct has them. */
export type Shape = ReadonlyMap<string, Field>;

/** Reads a shape from a line: `key?` is omitted where empty, `key*` holds a map. */
function shape(line: string, nested: Record<string, Shape> = {}): Shape {
  return new Map(
    line.split(" ").map((word) => {
      const key = word.replace(/[?*]+$/, "");
      return [key, {
        key,
        omitEmpty: word.includes("?"),
        map: word.endsWith("*"),
        shape: nested[key],
      }];
    }),
  );
}

const PLATFORM = shape("architecture os os.version? os.features? variant?");
const DESCRIPTOR = shape(
  "mediaType digest size urls? annotations?* data? platform? artifactType?",
  { platform: PLATFORM },
);
const MANIFEST = shape(
  "schemaVersion mediaType? artifactType? config layers subject? annotations?*",
  { config: DESCRIPTOR, layers: DESCRIPTOR, subject: DESCRIPTOR },
);
const INDEX = shape(
  "schemaVersion mediaType? artifactType? manifests subject? annotations?*",
  { manifests: DESCRIPTOR, subject: DESCRIPTOR },
);
const CONFIG = shape(
  "created? author? architecture os os.version? os.features? variant? config " +
    "rootfs history?",
  {
    config: shape(
      "User? ExposedPorts?* Env? Entrypoint? Cmd? Volumes?* WorkingDir? " +
        "Labels?* StopSignal? ArgsEscaped?",
    ),
    rootfs: shape("type diff_ids"),
    history: shape("created? created_by? author? comment? empty_layer?"),
  },
);
const SCHEMA1 = shape(
  "schemaVersion mediaType? name tag architecture fsLayers history signatures?",
);

/** The model that an object looks like, or undefined where it is none. */
export function recogniseShape(
  value: Readonly<Record<string, unknown>>,
): Shape | undefined {
  if (Object.hasOwn(value, "schemaVersion")) {
    if (Object.hasOwn(value, "manifests")) return INDEX;
    if (Object.hasOwn(value, "fsLayers")) return SCHEMA1;
    return Object.hasOwn(value, "config") && Object.hasOwn(value, "layers")
      ? MANIFEST
      : undefined;
  }
  if (
    Object.hasOwn(value, "mediaType") && Object.hasOwn(value, "digest") &&
    Object.hasOwn(value, "size")
  ) {
    return DESCRIPTOR;
  }
  if (Object.hasOwn(value, "architecture") && Object.hasOwn(value, "os")) {
    return Object.hasOwn(value, "rootfs") ? CONFIG : PLATFORM;
  }
  return undefined;
}
