import type {
  Deletable,
  RegistryServerOptions,
} from "../../distribution/server/registry_options.ts";
import { parseDuration } from "./_duration.ts";
import { UsageError } from "./_errors.ts";
import type { FlagValues } from "./_flag.ts";

const DELETABLE: readonly Deletable[] = ["tag", "manifest", "blob"];

/** Reads the flags that say what the registry takes and how it is reached. */
export function readRules(flags: FlagValues): RegistryServerOptions {
  const { text, list, bool, int, given } = bound(flags);
  return {
    readOnly: bool("read-only"),
    sparse: bool("refuse-sparse") ? "refuse" : "accept",
    schema1: bool("schema1") ? "accept" : "refuse",
    trustForwarded: bool("trust-forwarded"),
    maxManifestSize: int("max-manifest-size"),
    uploadExpiry: parseDuration(text("upload-expiry"))!,
    maxUploads: int("max-uploads"),
    bodyTimeout: parseDuration(text("body-timeout"))!,
    basePath: text("base-path"),
    ...(given("deletable") && { deletable: list("deletable").map(toKind) }),
    ...(given("immutable-tags") && { immutableTags: list("immutable-tags") }),
    ...(given("manifest-types") && { manifestTypes: list("manifest-types") }),
    ...(given("blob-types") && { blobTypes: list("blob-types") }),
    ...(given("external-url") && { externalUrl: text("external-url") }),
    ...(given("cors-origin") && { cors: { origins: list("cors-origin") } }),
    ...(given("rate-limit") && { rateLimit: readRate(text("rate-limit")) }),
  };
}

function bound(flags: FlagValues) {
  return {
    text: flags.text.bind(flags),
    list: flags.list.bind(flags),
    bool: flags.bool.bind(flags),
    int: flags.int.bind(flags),
    given: flags.given.bind(flags),
  };
}

function toKind(name: string): Deletable {
  const kind = DELETABLE.find((kind) => kind === name);
  if (kind !== undefined) return kind;
  throw new UsageError(
    `invalid kind ${JSON.stringify(name)} for --deletable: expecting ${
      DELETABLE.join(", ")
    }`,
  );
}

/** Reads `100/1m`: so many requests in so much time. */
function readRate(text: string): { requests: number; window: number } {
  const [requests = "", time = "", ...more] = text.split("/");
  const window = parseDuration(time);
  if (!/^[1-9]\d*$/.test(requests) || !window || more.length > 0) {
    throw new UsageError(
      `invalid --rate-limit ${
        JSON.stringify(text)
      }: expecting requests/time, such as 100/1m`,
    );
  }
  return { requests: Number(requests), window };
}
