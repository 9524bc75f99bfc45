import { gzipSync } from "node:zlib";
import {
  drop,
  is,
  type Quirk,
  refuse,
  type Route,
  routeOf,
  withHeaders,
} from "./quirk_registry_world.ts";

/** A quirk of a registry that refuses the first request of each kind. */
function onceEach(
  traps: readonly string[],
  what: string,
  refusal: () => Response,
): Quirk {
  return {
    traps,
    what,
    wrap(next) {
      const refused = new Set<string>();
      return async (request) => {
        const kind = `${request.method} ${routeOf(request).kind}`;
        if (refused.has(kind)) return await next(request);
        refused.add(kind);
        await drop(request);
        return refusal();
      };
    },
  };
}

/** A quirk that changes the headers of some answers. */
function headers(
  traps: readonly string[],
  what: string,
  which: (request: Request, kind: Route["kind"]) => boolean,
  changes: (answer: Response) => Readonly<Record<string, string | undefined>>,
): Quirk {
  return {
    traps,
    what,
    wrap: (next) => async (request) => {
      const answer = await next(request);
      return which(request, routeOf(request).kind)
        ? withHeaders(answer, changes(answer))
        : answer;
    },
  };
}

function limited(more: HeadersInit): () => Response {
  return () => refuse(429, "TOOMANYREQUESTS", more);
}

/** Quirks of answers in general: T9 to T11 and T16 to T18. */
export const ANSWER_QUIRKS: Readonly<Record<string, Quirk>> = {
  "rate-limit-seconds": onceEach(
    ["T9"],
    "each kind of request is told once to wait 7 seconds",
    limited({ "retry-after": "7" }),
  ),
  "rate-limit-date": onceEach(
    ["T9"],
    "each kind of request is told once to wait until a minute from now",
    () =>
      limited({
        "retry-after": new Date(Date.now() + 60_000).toUTCString(),
      })(),
  ),
  "rate-limit-day": onceEach(
    ["T9"],
    "each kind of request is told once to wait a day",
    limited({ "retry-after": "86400" }),
  ),
  "rate-limit-quota": onceEach(
    ["T9"],
    "each kind of request is refused once, with a quota and no time",
    limited({
      "ratelimit-limit": "100;w=21600",
      "ratelimit-remaining": "0;w=21600",
    }),
  ),
  "rate-limit-garbled": onceEach(
    ["T9"],
    "each kind of request is told once to wait a time that is none",
    limited({ "retry-after": "880.092us" }),
  ),
  "throttled": onceEach(
    ["T9"],
    "each kind of request is refused once with 503",
    () => new Response("slow down", { status: 503 }),
  ),
  "no-digest-header": headers(
    ["T10"],
    "no answer names a digest",
    () => true,
    () => ({ "docker-content-digest": undefined }),
  ),
  "no-digest-on-head": headers(
    ["T10"],
    "HEAD names no digest",
    ({ method }) => method === "HEAD",
    () => ({ "docker-content-digest": undefined }),
  ),
  "compressed-manifests": {
    traps: ["T11"],
    what: "manifests come compressed, whatever was asked for",
    wrap: (next) => async (request) => {
      const answer = await next(request);
      if (!is(request, "GET,HEAD", "manifest") || answer.status !== 200) {
        return answer;
      }
      const bytes = Uint8Array.from(gzipSync(await answer.bytes()));
      const isHead = request.method === "HEAD";
      const headers = new Headers(answer.headers);
      headers.set("content-encoding", "gzip");
      // Some tell the length before it, and some the length after it.
      headers.set("content-length", String(isHead ? 23 : bytes.byteLength));
      return new Response(isHead ? null : bytes, { headers });
    },
  },
  "noisy-types": headers(
    ["T16"],
    "media types are in mixed case, with a parameter",
    (_, kind) => /^(manifest|referrers|tags)$/.test(kind),
    ({ headers }) => {
      const type = headers.get("content-type");
      return type === null ? {} : {
        "content-type": `${
          type.replace("application/vnd", "Application/VND")
        }; Charset=UTF-8`,
      };
    },
  ),
  "schema1-narrow": {
    traps: ["Quay"],
    what: "who does not accept what is there gets schema 1 in its place",
    wrap: (next) => async (request) => {
      const answer = await next(request);
      const type = answer.headers.get("content-type") ?? "";
      const accept = request.headers.get("accept") ?? "*/*";
      if (
        !is(request, "GET,HEAD", "manifest") || answer.status !== 200 ||
        accept.includes(type) || accept.includes("*/*")
      ) {
        return answer;
      }
      await answer.body?.cancel();
      const body = JSON.stringify({
        schemaVersion: 1,
        name: routeOf(request).repository,
        tag: "v1",
        architecture: "amd64",
        fsLayers: [],
        history: [],
      });
      return new Response(request.method === "HEAD" ? null : body, {
        headers: {
          "content-type":
            "application/vnd.docker.distribution.manifest.v1+json",
          "content-length": String(body.length),
        },
      });
    },
  },
  "warnings": headers(
    ["T17"],
    "answers carry several warnings, which arrive in one header",
    (_, kind) => kind !== "other",
    () => ({
      warning:
        '299 - "this is \\"old\\", use v2", 299 - "pull less", 299 - "pull less"',
    }),
  ),
  "tags-joined": headers(
    ["T18"],
    "the tags that were taken are told in one header",
    ({ method }, kind) => method === "PUT" && kind === "manifest",
    ({ headers }) => ({
      "oci-tag": headers.get("oci-tag")?.split(/,\s*/).join(" ,  "),
    }),
  ),
  "tags-twice": {
    traps: ["T18"],
    what: "the tags that were taken are told in a header each",
    wrap: (next) => async (request) => {
      const answer = await next(request);
      const tags = answer.headers.get("oci-tag");
      if (tags === null) return answer;
      const headers = new Headers(answer.headers);
      headers.delete("oci-tag");
      for (const tag of tags.split(/,\s*/)) headers.append("oci-tag", tag);
      return new Response(answer.body, { status: answer.status, headers });
    },
  },
  "tags-half": {
    traps: ["T18"],
    what: "of several tags only the first is taken, and told",
    wrap: (next) => async (request) => {
      const url = new URL(request.url);
      const tags = url.searchParams.getAll("tag");
      if (!is(request, "PUT", "manifest") || tags.length < 2) {
        return await next(request);
      }
      url.search = `?tag=${tags[0]}`;
      const { headers } = request;
      const body = await request.arrayBuffer();
      return await next(new Request(url, { method: "PUT", headers, body }));
    },
  },
  "tags-ignored": {
    traps: ["T18"],
    what: "several tags are passed over",
    wrap: (next) => async (request) => {
      if (!is(request, "PUT", "manifest")) return await next(request);
      const url = new URL(request.url);
      url.search = "";
      const { headers } = request;
      const body = await request.arrayBuffer();
      return await next(new Request(url, { method: "PUT", headers, body }));
    },
  },
};
