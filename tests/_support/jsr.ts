import { unpackTar } from "modern-tar";
import { ROOT } from "./imports.ts";

/** A package as a JSR registry serves it. */
interface Package {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  /** Contents by path, each path with its leading slash. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/**
 * A JSR registry on loopback: it takes what `deno publish` sends, rewritten
 * imports and all, and serves it with the `.std` packages in place of `@std`.
 */
export interface JsrServer extends AsyncDisposable {
  /** What `JSR_URL` has to be. */
  readonly url: string;
  /** The paths of a published package, in order. */
  paths(name: string): string[];
}

/** Starts a JSR registry on a free port. */
export async function serveJsr(): Promise<JsrServer> {
  const packages = await adapters();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => answer(packages, request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    paths: (name) => [...packages.get(name)?.files.keys() ?? []].sort(),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function answer(
  packages: Map<string, Package>,
  request: Request,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const api = /^\/api\/scopes\/([^/]+)\/packages\/([^/]+)(\/versions\/.+)?$/
    .exec(pathname);
  if (api !== null) {
    const name = `@${api[1]}/${api[2]}`;
    if (api[3] === undefined) return Response.json({});
    if (request.method === "GET") {
      return Response.json({ code: "notFound" }, { status: 404 });
    }
    packages.set(name, await unpack(request));
    return Response.json({ id: crypto.randomUUID(), status: "success" });
  }
  const source = /^\/(@[^/]+\/[^/]+)\/(.+)$/.exec(pathname);
  const found = packages.get(source?.[1] ?? "");
  if (source === null || found === undefined) return missing();
  const path = source[2]!;
  if (path === "meta.json") {
    return Response.json({
      name: source[1],
      latest: found.version,
      versions: { [found.version]: {} },
    });
  }
  if (path === `${found.version}_meta.json`) {
    return Response.json({
      exports: found.exports,
      manifest: await manifest(found),
    });
  }
  const file = found.files.get(path.slice(found.version.length));
  return path.startsWith(`${found.version}/`) && file !== undefined
    ? new Response(file, { headers: { "content-type": mediaType(path) } })
    : missing();
}

function missing(): Response {
  return new Response("not found", { status: 404 });
}

function mediaType(path: string): string {
  return path.endsWith(".json") ? "application/json" : "text/typescript";
}

async function manifest(
  { files }: Package,
): Promise<Record<string, { size: number; checksum: string }>> {
  const entries = [...files].map(async ([path, bytes]) => {
    const hash = await crypto.subtle.digest("SHA-256", bytes);
    const checksum = `sha256-${new Uint8Array(hash).toHex()}`;
    return [path, { size: bytes.length, checksum }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Reads the gzipped tar that `deno publish` sends. */
async function unpack(request: Request): Promise<Package> {
  const bytes = await new Response(
    request.body!.pipeThrough(new DecompressionStream("gzip")),
  ).bytes();
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { header, data } of await unpackTar(bytes)) {
    const path = `/${header.name.replace(/^\.?\//, "")}`;
    if (data !== undefined) files.set(path, new Uint8Array(data));
  }
  const config = new TextDecoder().decode(files.get("/deno.json"));
  const { version, exports } = JSON.parse(config);
  return { version, exports, files };
}

/** The `.std` packages, with the bare imports that their maps name rewritten. */
async function adapters(): Promise<Map<string, Package>> {
  const packages = new Map<string, Package>();
  const top = new URL(".std/", ROOT);
  for await (const folder of Deno.readDir(top)) {
    const base = new URL(`${folder.name}/`, top);
    const config = JSON.parse(
      await Deno.readTextFile(new URL("deno.json", base)),
    );
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for await (const { name } of Deno.readDir(base)) {
      const text = await Deno.readTextFile(new URL(name, base));
      files.set(
        `/${name}`,
        new TextEncoder().encode(rewrite(text, config.imports)),
      );
    }
    const { version, exports } = config;
    packages.set(config.name, { version, exports, files });
  }
  return packages;
}

function rewrite(text: string, imports: Record<string, string>): string {
  let result = text;
  for (const [name, target] of Object.entries(imports)) {
    result = result.replaceAll(`from "${name}`, `from "${target}`);
  }
  return result;
}
