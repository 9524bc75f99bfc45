/** The machine that content is for. Follows image-spec `image-index.md`. */
export interface Platform {
  /** The processor, by Go's names: `amd64`, `arm64`, … */
  readonly architecture: string;
  /** The operating system, by Go's names: `linux`, `windows`, … */
  readonly os: string;
  /** The operating system's version. */
  readonly "os.version"?: string;
  /** What the operating system must offer. */
  readonly "os.features"?: readonly string[];
  /** The processor's variant, such as `v7` of `arm`. */
  readonly variant?: string;
  /** Whatever else stood there. */
  readonly [key: string]: unknown;
}

/**
 * Reads a platform from `os[/architecture[/variant]][:os.version]`, and normalises
 * it. Without an architecture it is that of the machine this runs on.
 *
 * @throws {TypeError} The text has not this form.
 *
 * @example
 * ```ts
 * import { parsePlatform } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parsePlatform("linux/aarch64"), { architecture: "arm64", os: "linux" });
 * assertEquals(parsePlatform("windows/amd64:10.0.17763"), {
 *   architecture: "amd64",
 *   os: "windows",
 *   "os.version": "10.0.17763",
 * });
 * ```
 */
export function parsePlatform(text: string): Platform {
  const found = FORM.exec(text);
  if (found === null) {
    throw new TypeError(
      `Cannot parse platform ${JSON.stringify(text)}: ` +
        "expected os[/architecture[/variant]][:os.version]",
    );
  }
  const [, os, architecture, variant, version] = found;
  return normalizePlatform({
    architecture: architecture ?? hostPlatform().architecture,
    os: os!,
    ...version !== undefined && { "os.version": version },
    ...variant !== undefined && { variant },
  });
}

const FORM =
  /^([A-Za-z0-9_-]+)(?:\/([A-Za-z0-9_-]+)(?:\/([A-Za-z0-9_.-]+))?)?(?::([A-Za-z0-9_.+-]+))?$/;

/**
 * Writes a platform as `os/architecture[/variant][:os.version]`. What must be there
 * and is not, as in an index that nobody checked, is written as `unknown`.
 *
 * @example
 * ```ts
 * import { formatPlatform } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatPlatform({ architecture: "arm", os: "linux", variant: "v7" }), "linux/arm/v7");
 * ```
 */
export function formatPlatform(platform: Platform): string {
  const { architecture, os, "os.version": version, variant } = platform;
  return `${textOf(os) || "unknown"}/${textOf(architecture) || "unknown"}` +
    (textOf(variant) && `/${variant}`) + (textOf(version) && `:${version}`);
}

/** What a registry sent may be anything. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What other names of a processor mean: architecture, and variant where they tell it. */
const ARCHITECTURES: ReadonlyMap<string, readonly [string, string?]> = new Map([
  ["i386", ["386"]],
  ["i486", ["386"]],
  ["i586", ["386"]],
  ["i686", ["386"]],
  ["x86", ["386"]],
  ["ia32", ["386"]],
  ["x86_64", ["amd64"]],
  ["x86-64", ["amd64"]],
  ["x64", ["amd64"]],
  ["aarch64", ["arm64"]],
  ["armhf", ["arm", "v7"]],
  ["armel", ["arm", "v6"]],
  ["armv5l", ["arm", "v5"]],
  ["armv6l", ["arm", "v6"]],
  ["armv7l", ["arm", "v7"]],
  ["ppc64el", ["ppc64le"]],
  ["mips64el", ["mips64le"]],
  ["mipsel", ["mipsle"]],
  ["loong64", ["loong64"]],
  ["loongarch64", ["loong64"]],
]);

const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ["macos", "darwin"],
  ["win32", "windows"],
  ["sunos", "solaris"],
]);

/** The variants that stay away, since they are what the architecture says by itself. */
const IMPLIED: ReadonlyMap<string, string> = new Map([
  ["amd64", "v1"],
  ["arm64", "v8"],
]);

/**
 * Gives a platform the names that Go has for it: `x86_64` becomes `amd64`,
 * `aarch64` becomes `arm64`, `armhf` becomes `arm` with variant `v7`, `arm` alone is
 * `v7`, and the variants `v8` of `arm64` and `v1` of `amd64` are left away.
 *
 * @example
 * ```ts
 * import { normalizePlatform } from "@gantry/oci/image";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   normalizePlatform({ architecture: "armhf", os: "Linux" }),
 *   { architecture: "arm", os: "linux", variant: "v7" },
 * );
 * ```
 */
export function normalizePlatform(platform: Platform): Platform {
  const { variant: given, ...rest } = platform;
  const os = platform.os.toLowerCase();
  const name = platform.architecture.toLowerCase();
  const [architecture, implied] = ARCHITECTURES.get(name) ?? [name];
  let variant = given?.toLowerCase() || implied;
  if (variant !== undefined && /^[0-9]/.test(variant)) variant = `v${variant}`;
  if (architecture === "arm") variant ??= "v7";
  if (variant === IMPLIED.get(architecture)) variant = undefined;
  return {
    ...rest,
    architecture,
    os: SYSTEMS.get(os) ?? os,
    ...variant !== undefined && { variant },
  };
}

/**
 * The platform of the machine this runs on, as the runtime tells it; `linux/amd64`
 * where it does not, as in a browser.
 *
 * @example
 * ```ts
 * import { hostPlatform, matchPlatform } from "@gantry/oci/image";
 * import { assert } from "@std/assert";
 *
 * assert(matchPlatform(hostPlatform(), hostPlatform()));
 * ```
 */
export function hostPlatform(): Platform {
  const { process } = globalThis as {
    process?: { platform?: string; arch?: string };
  };
  const os = process?.platform;
  // Bundlers' stand-ins for `process` call themselves a browser.
  if (!os || os === "browser" || !process?.arch) {
    return { architecture: "amd64", os: "linux" };
  }
  return normalizePlatform({ architecture: process.arch, os });
}
