import {
  drop,
  type Handler,
  is,
  type Quirk,
  type QuirkWorld,
  redirected,
  refuse,
  routeOf,
  withLocation,
} from "./quirk_registry_world.ts";

/** What a signed URL is made of: characters that must arrive as they were written. */
const SIGNATURE = "X-Sig=a%2Fb%3D%3D&X-Path=%7Eme+you&x=(1)";

/** Serves what stands behind a signed URL of the object storage. */
function storage(next: Handler, world: QuirkWorld): void {
  world.serve("storage", async (request) => {
    const url = new URL(request.url);
    for (const header of ["authorization", "cookie"]) {
      if (request.headers.has(header)) {
        world.complain(`${header} was shown to the object storage`);
        await drop(request);
        // As S3 does, which takes one way of authentication and not two.
        return new Response("<Error>InvalidArgument</Error>", { status: 400 });
      }
    }
    if (!url.search.startsWith(`?${SIGNATURE}`)) {
      world.complain(`the signature arrived as ${url.search}`);
      await drop(request);
      return new Response("<Error>SignatureDoesNotMatch</Error>", {
        status: 403,
      });
    }
    const rest = url.search.slice(SIGNATURE.length + 1).replace(/^&/, "?");
    const home = new URL(url.pathname + rest, world.origin("registry"));
    const answer = await next(redirected(request, home));
    return toStorage(answer, request, world);
  });
}

/** The answer with a location in the object storage. */
function toStorage(
  answer: Response,
  request: Request,
  world: QuirkWorld,
): Response {
  return withLocation(
    answer,
    request,
    ({ pathname }) => `${world.origin("storage")}${pathname}?${SIGNATURE}`,
  );
}

function redirectTo(location: string): Response {
  return new Response(null, { status: 307, headers: { location } });
}

/** A quirk of all answers that name an upload's location. */
function location(
  traps: readonly string[],
  what: string,
  change: (location: URL, world: QuirkWorld) => string,
): Quirk {
  return {
    traps,
    what,
    wrap: (next, world) => async (request) => {
      const answer = await next(request);
      const { kind } = routeOf(request);
      return kind === "uploads" || kind === "upload"
        ? withLocation(answer, request, (url) => change(url, world))
        : answer;
    },
  };
}

/** Quirks of where blobs are and where they go: T1, T2, T5 and T15. */
export const PLACE_QUIRKS: Readonly<Record<string, Quirk>> = {
  "redirect-blobs": {
    traps: ["T1"],
    what: "blobs are in object storage, which refuses a second credential",
    wrap(next, world) {
      storage(next, world);
      return async (request) => {
        const { kind } = routeOf(request);
        if (kind !== "blob" || request.method !== "GET") {
          return await next(request);
        }
        const { pathname } = new URL(request.url);
        return redirectTo(
          `${world.origin("storage")}${pathname}?${SIGNATURE}`,
        );
      };
    },
  },
  "redirect-blobs-relative": {
    traps: ["T5"],
    what: "blobs are elsewhere at the registry, by a relative location",
    wrap: (next) => async (request) => {
      const url = new URL(request.url);
      if (url.pathname.startsWith("/files/")) {
        url.pathname = url.pathname.slice("/files".length);
        return await next(redirected(request, url));
      }
      return is(request, "GET", "blob")
        ? redirectTo(`/files${url.pathname}`)
        : await next(request);
    },
  },
  "redirect-uploads": {
    traps: ["T1", "T2"],
    what: "an upload's body goes to object storage by a 307",
    wrap(next, world) {
      storage(next, world);
      return async (request) => {
        if (!is(request, "PUT,PATCH", "upload")) return await next(request);
        await drop(request);
        const { pathname, search } = new URL(request.url);
        return redirectTo(
          `${world.origin("storage")}${pathname}?${SIGNATURE}${
            search.replace("?", "&")
          }`,
        );
      };
    },
  },
  "relative-locations": location(
    ["T5"],
    "locations are relative",
    ({ pathname, search }) => pathname + search,
  ),
  "absolute-locations": location(
    ["T5"],
    "locations are absolute",
    ({ href }) => href,
  ),
  "state-in-location": {
    traps: ["T5"],
    what:
      "an upload's state is in its location, anew in each answer, byte for byte",
    wrap(next, world) {
      const states = new Map<string, string>();
      let count = 0;
      return async (request) => {
        const { reference } = routeOf(request);
        const state = states.get(reference);
        if (state !== undefined) {
          const { search } = new URL(request.url);
          if (search !== state && !search.startsWith(`${state}&`)) {
            world.complain(`the state ${state} arrived as ${search}`);
            await drop(request);
            return refuse(404, "BLOB_UPLOAD_INVALID");
          }
        }
        const answer = await next(request);
        if (!/^uploads?$/.test(routeOf(request).kind)) return answer;
        return withLocation(answer, request, (url) => {
          const { kind, reference } = routeOf({ url: url.href });
          if (kind !== "upload") return url.href;
          const next = `?_state=${count++}-a%2Fb%3D%3D+c~&x=`;
          states.set(reference, next);
          return url.pathname + next;
        });
      };
    },
  },
  "foreign-uploads": {
    traps: ["T1", "T5"],
    what: "uploads are on another host, which must see no credential",
    wrap(next, world) {
      storage(next, world);
      return async (request) => {
        const answer = await next(request);
        return is(request, "POST", "uploads") && answer.status === 202
          ? toStorage(answer, request, world)
          : answer;
      };
    },
  },
  "http-locations": location(
    ["T15"],
    "locations lack TLS, as behind a proxy that does not tell of it",
    (url) => url.href.replace(/^https:/, "http:"),
  ),
};
