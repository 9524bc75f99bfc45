import {
  CutLine,
  drop,
  is,
  type Quirk,
  refuse,
  routeOf,
  withHeaders,
} from "./quirk_registry_world.ts";

/** The largest body that some of these registries take in one request. */
export const BODY_LIMIT: number = 4 * 1024 * 1024;

/** The only types of configs that the registry with a list of them takes. */
const LISTED_CONFIGS: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

/** The only repository that exists before anybody pushes to it. */
export const EXISTING_REPOSITORY = "team/app";

const EMPTY_SHA256 =
  "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** A quirk that answers some requests by itself. */
function answering(
  traps: readonly string[],
  what: string,
  answer: (
    request: Request,
  ) => Response | undefined | Promise<Response | undefined>,
): Quirk {
  return {
    traps,
    what,
    wrap: (next) => async (request) => {
      const own = await answer(request);
      if (own === undefined) return await next(request);
      await drop(request);
      return own;
    },
  };
}

const sizeOf = (request: Request) =>
  Number(request.headers.get("content-length") ?? 0);
const isBig = (request: Request) =>
  is(request, "PUT", "upload") && sizeOf(request) > BODY_LIMIT ||
  is(request, "POST", "uploads") && sizeOf(request) > BODY_LIMIT;

/** Quirks of what may be uploaded, and how: T3, T4 and T14. */
export const UPLOAD_QUIRKS: Readonly<Record<string, Quirk>> = {
  "length-required": answering(
    ["T3"],
    "a request that may have a body must tell its length, an empty one too",
    ({ headers, method }) =>
      /^(POST|PUT|PATCH)$/.test(method) && !headers.has("content-length")
        ? new Response(null, { status: 411 })
        : undefined,
  ),
  "no-chunks": answering(
    ["T4"],
    "PATCH is not supported",
    (request) =>
      is(request, "PATCH", "upload") ? refuse(405, "UNSUPPORTED") : undefined,
  ),
  "patch-created": {
    traps: ["T4"],
    what: "a part is answered with 201",
    wrap: (next) => async (request) => {
      const answer = await next(request);
      return is(request, "PATCH", "upload") && answer.status === 202
        ? new Response(null, { status: 201, headers: answer.headers })
        : answer;
    },
  },
  "patch-forgotten": answering(
    ["T4"],
    "a part is answered with 201, and its content forgotten",
    async (request) => {
      if (!is(request, "PATCH", "upload")) return undefined;
      await request.arrayBuffer();
      return new Response(null, {
        status: 201,
        headers: { location: request.url },
      });
    },
  ),
  "patch-cut-once": {
    traps: ["T4"],
    what: "the line is cut while the first part is under way",
    wrap(next) {
      let isCut = false;
      return async (request) => {
        if (isCut || !is(request, "PATCH", "upload")) {
          return await next(request);
        }
        isCut = true;
        const bytes = new Uint8Array(await request.arrayBuffer());
        const half = bytes.subarray(0, bytes.byteLength >> 1);
        const headers = new Headers(request.headers);
        headers.set("content-length", String(half.byteLength));
        headers.delete("content-range");
        const { method, url } = request;
        await next(new Request(url, { method, headers, body: half }));
        throw new CutLine();
      };
    },
  },
  "no-range-on-put": answering(
    ["T4"],
    "a closing PUT with Content-Range is refused",
    (request) =>
      is(request, "PUT", "upload") && request.headers.has("content-range")
        ? refuse(400, "BLOB_UPLOAD_INVALID")
        : undefined,
  ),
  "min-chunk": {
    traps: ["T4"],
    what: "parts but the last must have a mebibyte",
    wrap(next, world) {
      const least = 1024 * 1024;
      const small = new Set<string>();
      return async (request) => {
        const { reference } = routeOf(request);
        if (is(request, "PATCH", "upload")) {
          if (small.has(reference)) {
            world.complain("a part behind one that was too small");
          }
          if (sizeOf(request) < least) small.add(reference);
        }
        const answer = await next(request);
        return is(request, "POST", "uploads")
          ? withHeaders(answer, { "oci-chunk-min-length": String(least) })
          : answer;
      };
    },
  },
  "large-body-refused": answering(
    ["T4"],
    "a body of more than 4 MiB is refused with 413",
    (request) =>
      isBig(request) ? new Response(null, { status: 413 }) : undefined,
  ),
  "large-body-cut": {
    traps: ["T4"],
    what: "the line is cut while a body of more than 4 MiB is under way",
    wrap: (next) => async (request) => {
      if (!isBig(request)) return await next(request);
      await drop(request);
      throw new CutLine();
    },
  },
  "no-resume": answering(
    ["T4"],
    "an upload does not tell what it holds",
    (request) =>
      is(request, "GET", "upload")
        ? refuse(404, "BLOB_UPLOAD_UNKNOWN")
        : undefined,
  ),
  "no-empty-blobs": answering(
    ["T14"],
    "a blob of no bytes is refused",
    (request) => {
      const { searchParams } = new URL(request.url);
      const digest = searchParams.get("digest");
      return is(request, "PUT", "upload") && digest === EMPTY_SHA256 ||
          is(request, "POST", "uploads") && digest === EMPTY_SHA256
        ? refuse(400, "BLOB_UPLOAD_INVALID")
        : undefined;
    },
  ),
  "listed-types": {
    traps: ["T14"],
    what: "only configs of listed media types are taken",
    wrap: (next) => async (request) => {
      if (!is(request, "PUT", "manifest")) return await next(request);
      const body = await request.text();
      const { config } = JSON.parse(body);
      if (
        config !== undefined && !LISTED_CONFIGS.includes(config.mediaType)
      ) {
        return refuse(400, "MANIFEST_INVALID");
      }
      return await next(
        new Request(request.url, {
          method: "PUT",
          headers: request.headers,
          body,
        }),
      );
    },
  },
  "repository-must-exist": answering(
    ["ECR"],
    "a repository must be made before something is pushed to it",
    (request) =>
      is(request, "POST", "uploads") &&
        routeOf(request).repository !== EXISTING_REPOSITORY
        ? refuse(404, "NAME_UNKNOWN")
        : undefined,
  ),
};
