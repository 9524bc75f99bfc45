import { getBase } from "./base.ts";
import { deleteBlob, getBlob } from "./blobs.ts";
import { getCatalog } from "./catalog.ts";
import type { Exchange } from "./exchange.ts";
import { deleteManifest, getManifest, putManifest } from "./manifests.ts";
import { getReferrers } from "./referrers.ts";
import { methodNotAllowed } from "./request_error.ts";
import type { Route } from "./router.ts";
import type { Action } from "./permissions.ts";
import type { Deletable } from "./registry_options.ts";
import { getTags } from "./tags.ts";
import {
  deleteUpload,
  getUpload,
  patchUpload,
  postUpload,
  putUpload,
} from "./uploads.ts";

type Answer = Response | Promise<Response>;
type Methods = Readonly<Record<string, () => Answer>>;

/**
 * Answers a request at its endpoint. `HEAD` is answered as `GET`.
 *
 * @throws {RequestError} 405 `UNSUPPORTED`: the endpoint has no such method.
 */
export async function dispatch(
  exchange: Exchange,
  route: Route,
): Promise<Response> {
  const methods = methodsOf(exchange, route);
  const { method } = exchange.request;
  const name = method === "HEAD" ? "GET" : method;
  if (!Object.hasOwn(methods, name)) {
    const names = Object.keys(methods);
    throw methodNotAllowed(
      "The endpoint has no such method",
      names.includes("GET") ? ["HEAD", ...names] : names,
    );
  }
  await admit(exchange, route, name);
  return await methods[name]!();
}

/**
 * The one guard in front of all endpoints: whether the visitor may do this, and
 * whether it is switched on at all.
 */
async function admit(
  { visitor, settings }: Exchange,
  route: Route,
  method: string,
): Promise<void> {
  if (route.endpoint === "base") return;
  if (route.endpoint === "catalog") return visitor.requireKnown();
  const { repository } = route;
  const require = async (action: Action): Promise<void> => {
    const refusal = await visitor.refusal(action, repository);
    if (refusal !== undefined) throw refusal;
  };
  if (method === "DELETE" && route.endpoint !== "upload") {
    await require("delete");
    const kind = deletedKind(route);
    if (settings.deletable.has(kind)) return;
    throw methodNotAllowed(`Deleting a ${kind} is switched off`, ["GET"]);
  }
  const isUpload = route.endpoint === "uploads" || route.endpoint === "upload";
  if (!isUpload && method === "GET") {
    return await require("pull");
  }
  // Who may only move tags pushes manifests too; the tags are looked at there.
  if (
    route.endpoint === "manifest" &&
    await visitor.may("update", repository)
  ) return;
  await require("push");
}

function deletedKind(route: Route): Deletable {
  if (route.endpoint !== "manifest") return "blob";
  return route.reference.includes(":") ? "manifest" : "tag";
}

function methodsOf(exchange: Exchange, route: Route): Methods {
  switch (route.endpoint) {
    case "base":
      return { GET: () => getBase(exchange) };
    case "catalog":
      return { GET: () => getCatalog(exchange) };
    case "tags":
      return { GET: () => getTags(exchange, route.repository) };
    case "blob": {
      const { repository, digest } = route;
      return {
        GET: () => getBlob(exchange, repository, digest),
        DELETE: () => deleteBlob(exchange, repository, digest),
      };
    }
    case "manifest": {
      const { repository, reference } = route;
      return {
        GET: () => getManifest(exchange, repository, reference),
        PUT: () => putManifest(exchange, repository, reference),
        DELETE: () => deleteManifest(exchange, repository, reference),
      };
    }
    case "uploads":
      return { POST: () => postUpload(exchange, route.repository) };
    case "upload": {
      const { repository, upload } = route;
      return {
        GET: () => getUpload(exchange, repository, upload),
        PATCH: () => patchUpload(exchange, repository, upload),
        PUT: () => putUpload(exchange, repository, upload),
        DELETE: () => deleteUpload(exchange, repository, upload),
      };
    }
    case "referrers": {
      const { repository, digest } = route;
      return { GET: () => getReferrers(exchange, repository, digest) };
    }
  }
}
