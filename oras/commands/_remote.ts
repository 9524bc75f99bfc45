import type { CredentialStore } from "../../distribution/credential.ts";
import { fixedCredentials } from "../../distribution/credentials.ts";
import { defaultTransport } from "../../distribution/default_transport.ts";
import { proxyFromEnvironment } from "../../distribution/node/proxy_from_environment.ts";
import type { MirrorOptions } from "../../distribution/mirror_options.ts";
import type { ClientOptions } from "../../distribution/client_options.ts";
import { trace } from "../../distribution/trace.ts";
import type {
  BaseTransportOptions,
  ResolveRule,
} from "../../distribution/transport_options.ts";
import type { Invocation } from "./_command.ts";
import { lazyCredentialFiles } from "./_credential_files.ts";
import { parseDuration } from "./_duration.ts";
import { readVariable } from "./_environment.ts";
import { UsageError } from "./_errors.ts";
import { requireTogether } from "./_exclusive.ts";
import { readTextFile } from "./_file.ts";
import type { FlagValues } from "./_flag.ts";
import { printable } from "./_printable.ts";
import { readCredential } from "./_secret.ts";
import { parseSize } from "./_size.ts";
import { traceText } from "./_trace.ts";

/**
 * Turns the remote flags into options. Files and the environment are read here, and
 * nowhere below. What is given of the transport comes before what the flags say.
 */
export async function remoteOptions(
  invocation: Invocation,
  registry: string,
  credentials?: CredentialStore,
  transport?: BaseTransportOptions,
): Promise<ClientOptions> {
  const { console, flags } = invocation;
  const headers = readHeaders(flags.list("header"));
  const base = defaultTransport({
    ...await readTransportOptions(flags),
    ...transport,
  });
  return {
    transport: flags.bool("debug")
      ? trace(base, (event) => console.errRaw(traceText(event)), {
        secretHeaders: headers.map(([name]) => name),
      })
      : base,
    credentials: credentials ?? await readCredentials(invocation),
    plainHttp: usesPlainHttp(flags, registry),
    chunkSize: flags.knows("chunk-size")
      ? parseSize(flags.text("chunk-size"))
      : undefined,
    headers,
    mirrors: readMirrors(flags, registry),
    retry: { maxAttempts: flags.int("retry") + 1 },
    stallTimeout: parseDuration(flags.text("stall-timeout")),
    capabilities: { referrers: readReferrers(flags) },
    onEvent: (event) => {
      if (event.type === "warning") {
        console.err(`WARNING! ${event.registry}: ${printable(event.text)}`);
      }
      const isLong = event.type === "retry" && event.delay >= 1000;
      if (isLong) {
        const seen = event.status ?? event.code ?? "a fault";
        console.err(
          `Waiting ${
            Math.ceil(event.delay / 1000)
          }s before ${event.method} ${event.url} is sent again: ${seen}`,
        );
      }
    },
  };
}

/** The mirrors of a registry that the flags name; each gets the credential that is stored for it. */
function readMirrors(flags: FlagValues, registry: string): MirrorOptions[] {
  if (!flags.knows("mirror")) return [];
  return flags.list("mirror").flatMap((text) => {
    const found = /^([^=/]+)=([^=/]+)(?:\/([^=]+))?$/.exec(text);
    if (found === null) {
      throw new UsageError(
        `failed to parse mirror flag ${
          JSON.stringify(text)
        }: expecting host=mirror[/prefix]`,
      );
    }
    const [, host, mirror, prefix] = found;
    if (host !== registry) return [];
    return [{
      registry: mirror!,
      prefix,
      plainHttp: usesPlainHttp(flags, mirror!),
      credentials: lazyCredentialFiles(flags),
    }];
  });
}

/** Whether the registry lists referrers itself, as far as `--distribution-spec` tells. */
function readReferrers(flags: FlagValues): boolean | undefined {
  if (!flags.knows("distribution-spec")) return undefined;
  const spec = flags.text("distribution-spec");
  return spec === "" ? undefined : spec === "v1.1-referrers-api";
}

/** HTTP where the flag says so, and without the flag for `localhost`. */
function usesPlainHttp(flags: FlagValues, registry: string): boolean {
  return flags.given("plain-http")
    ? flags.bool("plain-http")
    : /^localhost(?::\d+)?$/.test(registry);
}

/** The credential of the flags, else those of the credential files. */
async function readCredentials(
  invocation: Invocation,
): Promise<CredentialStore> {
  const credential = await readCredential(invocation);
  return credential === undefined
    ? lazyCredentialFiles(invocation.flags)
    : fixedCredentials(credential);
}

async function readTransportOptions(
  flags: FlagValues,
): Promise<BaseTransportOptions> {
  requireTogether(flags, "cert-file", "key-file");
  const [ca, cert, key] = await Promise.all(
    ["ca-file", "cert-file", "key-file"].map(async (name) =>
      flags.text(name) === "" ? undefined : await readTextFile(flags.text(name))
    ),
  );
  if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw new UsageError(
      `no certificate in PEM form found in ${flags.text("ca-file")}`,
    );
  }
  return {
    proxy: proxyFromEnvironment(readVariable),
    insecure: flags.bool("insecure"),
    resolve: flags.list("resolve").map(readResolveRule),
    ...(flags.given("stall-timeout") && {
      connectTimeout: parseDuration(flags.text("stall-timeout")),
    }),
    ...(ca !== undefined && { caCerts: [ca] }),
    ...(cert !== undefined && { clientCert: cert }),
    ...(key !== undefined && { clientKey: key }),
  };
}

/** Reads `host:port:address[:port]`; an IPv6 address stands in brackets, or at the end. */
function readResolveRule(text: string): ResolveRule {
  const found =
    /^(\[[^\]]+\]|[^:]+):(\d+):(?:(\[[^\]]+\]|[^:]+)(?::(\d+))?|([0-9a-fA-F:]+))$/
      .exec(text);
  if (found === null) {
    throw new UsageError(
      `failed to parse resolve flag ${
        JSON.stringify(text)
      }: expecting host:port:address[:address_port]`,
    );
  }
  const [, host, port, address, targetPort, bare] = found;
  return {
    host: host!,
    port: Number(port),
    address: (address ?? bare!).replace(/^\[|\]$/g, ""),
    ...(targetPort !== undefined && { targetPort: Number(targetPort) }),
  };
}

/** Reads `Name: value`. What is wrong with one is told without its text, which may be secret. */
function readHeaders(lines: readonly string[]): [string, string][] {
  return lines.map((line) => {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim();
    if (colon < 0 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      throw new UsageError(
        'invalid header: expecting the form "name: value"',
      );
    }
    const value = line.slice(colon + 1).trim();
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new UsageError(
        `invalid header: the value of ${name} has forbidden characters`,
      );
    }
    return [name, value];
  });
}
