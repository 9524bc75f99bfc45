import { assertEquals } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import { openQuirkRegistry } from "../../_support/quirk_registry.ts";
import { QUIRK_USER } from "../../_support/quirk_registry_auth.ts";

const HOME = "https://registry.example";
const BASIC = `Basic ${btoa(`${QUIRK_USER.username}:${QUIRK_USER.password}`)}`;
const DIGEST = String(await Digest.fromString("x"));
const UPLOADS = `${HOME}/v2/team/app/blobs/uploads/`;

/** Sends one request as a careless client would: as it stands, with no further thought. */
type Send = (
  method: string,
  url: string,
  headers?: HeadersInit,
  size?: number,
) => Promise<Response>;

/** What a careless client does to a quirk, and what becomes of it: statuses and complaints. */
const CASES: readonly [
  quirk: string,
  run: (send: Send) => Promise<Response>,
  status: number,
  complaints: number,
][] = [
  [
    "redirect-blobs",
    async (send) => {
      const answer = await send("GET", `${HOME}/v2/team/app/blobs/${DIGEST}`);
      const location = answer.headers.get("location")!;
      return await send("GET", location, { authorization: BASIC });
    },
    400,
    1,
  ],
  [
    "redirect-blobs",
    async (send) => {
      const answer = await send("GET", `${HOME}/v2/team/app/blobs/${DIGEST}`);
      const url = new URL(answer.headers.get("location")!);
      url.searchParams.append("more", "x"); // writes all of the query anew
      return await send("GET", url.href);
    },
    403,
    1,
  ],
  [
    "foreign-uploads",
    async (send) => {
      const answer = await send("POST", UPLOADS);
      const location = answer.headers.get("location")!;
      return await send("PATCH", location, { authorization: BASIC }, 10);
    },
    400,
    1,
  ],
  [
    "state-in-location",
    async (send) => {
      const answer = await send("POST", UPLOADS);
      const url = new URL(answer.headers.get("location")!, HOME);
      url.search = "";
      return await send("PATCH", url.href, {}, 10);
    },
    404,
    1,
  ],
  [
    "min-chunk",
    async (send) => {
      let answer = await send("POST", UPLOADS);
      for (const _ of [1, 2]) {
        const url = new URL(answer.headers.get("location")!, HOME);
        answer = await send("PATCH", url.href, {}, 10);
      }
      return answer;
    },
    202,
    1,
  ],
  [
    "no-chunks",
    async (send) => {
      const answer = await send("POST", UPLOADS);
      const url = new URL(answer.headers.get("location")!, HOME);
      return await send("PATCH", url.href, {}, 10);
    },
    405,
    0,
  ],
  [
    "tokens",
    (send) => send("GET", `${HOME}/v2/`, { authorization: BASIC }),
    401,
    1,
  ],
  [
    "tokens",
    (send) => send("GET", `${HOME}/v2/`, { authorization: "Bearer" }),
    401,
    1,
  ],
  [
    "tokens",
    (send) =>
      send("GET", "https://auth.example/token", { authorization: "Bearer x" }),
    401,
    1,
  ],
  [
    "tokens-realm-query",
    (send) =>
      send("GET", "https://auth.example/token", { authorization: BASIC }),
    400,
    1,
  ],
  [
    "repository-must-exist",
    (send) => send("POST", `${HOME}/v2/team/other/blobs/uploads/`),
    404,
    0,
  ],
];

for (const [quirk, run, status, complaints] of CASES) {
  Deno.test(`the quirk ${quirk} notices a careless client (${status})`, async () => {
    await using registry = openQuirkRegistry([quirk]);
    const transport = registry.options().transport!;
    const answer = await run(async (method, url, headers, size) => {
      const response = await transport({
        method,
        url: new URL(url),
        headers: new Headers(headers),
        body: size === undefined ? undefined : new Uint8Array(size),
      });
      await response.body?.cancel();
      return response;
    });
    assertEquals(answer.status, status);
    assertEquals(registry.complaints.length, complaints);
  });
}

Deno.test("the quirk length-required notices a body of unknown length", async () => {
  await using registry = openQuirkRegistry(["length-required"], {
    over: "http",
  });
  const stream = new Blob(["x"]).stream();
  const response = await fetch(
    `http://${registry.host}/v2/team/app/blobs/uploads/`,
    { method: "POST", body: stream },
  );
  await response.body?.cancel();
  assertEquals(response.status, 411);
});
