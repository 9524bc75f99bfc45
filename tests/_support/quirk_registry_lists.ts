import {
  drop,
  is,
  type Quirk,
  redirected,
  refuse,
  routeOf,
  withHeaders,
} from "./quirk_registry_world.ts";

/** A quirk of a registry that does not list referrers, and keeps no account of them. */
function noReferrers(what: string, answer: () => Response): Quirk {
  return {
    traps: ["T12"],
    what,
    wrap: (next) => async (request) => {
      if (is(request, "GET", "referrers")) return answer();
      return withHeaders(await next(request), { "oci-subject": undefined });
    },
  };
}

/** A quirk of the lists of tags. */
function tags(
  what: string,
  answer: (
    request: Request,
    list: () => Promise<Response>,
  ) => Promise<Response>,
): Quirk {
  return {
    traps: ["T13"],
    what,
    wrap: (next) => async (request) =>
      is(request, "GET", "tags")
        ? await answer(request, () => next(request))
        : await next(request),
  };
}

/** The same request with other parameters. */
function asking(
  request: Request,
  change: (query: URLSearchParams) => void,
): Request {
  const url = new URL(request.url);
  change(url.searchParams);
  return redirected(request, url);
}

/** How many tags the registries with a limit give at once. */
export const PAGE_LIMIT = 3;

const HTML = "<!doctype html><title>Sign in</title>";

/** Quirks of lists: T12 and T13. */
export const LIST_QUIRKS: Readonly<Record<string, Quirk>> = {
  "referrers-404": noReferrers(
    "referrers are answered with 404 as text",
    () => new Response("404 page not found\n", { status: 404 }),
  ),
  "referrers-400": noReferrers(
    "referrers are answered with 400",
    () => refuse(400, "UNSUPPORTED"),
  ),
  "referrers-406": noReferrers(
    "referrers are answered with 406",
    () => new Response(null, { status: 406 }),
  ),
  "referrers-401": noReferrers(
    "referrers are answered with 401 that offers no way in",
    () => refuse(401, "UNAUTHORIZED"),
  ),
  "referrers-html": noReferrers(
    "referrers are answered with 200 and a page for people",
    () => new Response(HTML, { headers: { "content-type": "text/html" } }),
  ),
  "referrers-unfiltered": {
    traps: ["T12"],
    what: "referrers are not filtered by type",
    wrap: (next) => async (request) =>
      is(request, "GET", "referrers")
        ? withHeaders(
          await next(asking(request, (query) => query.delete("artifactType"))),
          { "oci-filters-applied": undefined },
        )
        : await next(request),
  },
  "digest-tags-resolve": {
    traps: ["T12"],
    what: "a tag made of a digest is taken for the digest",
    wrap: (next) => async (request) => {
      const { kind, reference } = routeOf(request);
      const digest = /^sha256-([0-9a-f]{64})$/.exec(reference)?.[1];
      if (
        kind !== "manifest" || digest === undefined ||
        !/^(GET|HEAD)$/.test(request.method)
      ) {
        return await next(request);
      }
      const given = await next(request);
      if (given.status === 200) return given;
      await given.body?.cancel();
      const url = request.url.replace(reference, `sha256:${digest}`);
      return await next(redirected(request, url));
    },
  },
  "page-limit": {
    traps: ["T13"],
    what: "a page holds 3 tags at most, and n is passed over",
    wrap: (next) => async (request) =>
      is(request, "GET", "tags")
        ? await next(
          asking(request, (query) => query.set("n", String(PAGE_LIMIT))),
        )
        : await next(request),
  },
  "page-refused": tags("n above 1000 is refused", async (request, list) => {
    const n = Number(new URL(request.url).searchParams.get("n") ?? 0);
    if (n <= 1000) return await list();
    await drop(request);
    return refuse(400, "UNSUPPORTED");
  }),
  "page-token": {
    traps: ["T13"],
    what: "the next page is named by a parameter of the registry's own",
    wrap(next) {
      const places = new Map<string, string>();
      return async (request) => {
        if (!is(request, "GET", "tags")) return await next(request);
        const token = new URL(request.url).searchParams.get("next_page");
        const answer = await next(asking(request, (query) => {
          query.set("n", String(PAGE_LIMIT));
          if (token !== null) query.set("last", places.get(token) ?? "");
        }));
        const { name, tags } = await answer.json();
        const { pathname } = new URL(request.url);
        const headers = new Headers();
        if (answer.headers.has("link")) {
          const next = `gAAAA/B+${places.size}==`;
          places.set(next, tags.at(-1));
          headers.set(
            "link",
            `<${pathname}?next_page=${encodeURIComponent(next)}>; rel=next`,
          );
        }
        return Response.json({ name, tags }, { headers });
      };
    },
  },
  "n-ignored": {
    traps: ["T13"],
    what: "n is passed over, and all tags come at once",
    wrap: (next) => async (request) =>
      is(request, "GET", "tags")
        ? withHeaders(
          await next(asking(request, (query) => query.delete("n"))),
          { link: undefined },
        )
        : await next(request),
  },
  "tags-null": tags("no tags are null", async (_, list) => {
    const answer = await list();
    const { name, tags } = await answer.json();
    return Response.json({ name, tags: tags?.length > 0 ? tags : null }, {
      status: answer.status,
    });
  }),
  "html-lists": tags(
    "a list is a page for people, with status 200",
    async (request) => {
      await drop(request);
      return new Response(HTML, { headers: { "content-type": "text/html" } });
    },
  ),
};
