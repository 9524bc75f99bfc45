import { assert, assertEquals, assertRejects } from "@std/assert";
import { OciError } from "@gantry/oci/digest";
import type { RegistryClient } from "@gantry/oci/distribution";
import { MediaTypes } from "@gantry/oci/image";
import { API_KEY, network } from "./_network.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;
const manifest = (client: RegistryClient): Promise<unknown> =>
  client.repository("app").manifests.get("v1");
const tags = (client: RegistryClient): Promise<unknown> =>
  Array.fromAsync(client.repository("app").tags.list());
const referrers = (client: RegistryClient): Promise<unknown> =>
  Array.fromAsync(client.repository("app").referrers.list(DIGEST));
const upload = (client: RegistryClient): Promise<unknown> =>
  client.repository("app").uploads.start();

/** Answers that quote a header of the request, as services that help to debug do. */
const ECHOES: readonly [
  what: string,
  answer: () => Response,
  run: (client: RegistryClient) => Promise<unknown>,
][] = [
  [
    "a document that is no manifest",
    () => Response.json({ headers: { "x-api-key": API_KEY } }),
    manifest,
  ],
  [
    "a manifest with a strange member",
    () =>
      Response.json({ schemaVersion: 2, mediaType: API_KEY }, {
        headers: { "content-type": MediaTypes.manifest },
      }),
    manifest,
  ],
  ["a body that is no JSON", () => new Response(API_KEY), tags],
  [
    "a page of referrers that is none",
    () =>
      Response.json({ manifests: API_KEY }, {
        headers: { "content-type": MediaTypes.index },
      }),
    referrers,
  ],
  [
    "a digest that is none",
    () => new Response("{}", { headers: { "docker-content-digest": API_KEY } }),
    manifest,
  ],
  [
    "a link to elsewhere",
    () =>
      Response.json({ tags: [] }, {
        headers: { link: `<https://evil.example/${API_KEY}>; rel="next"` },
      }),
    tags,
  ],
  [
    "a link in a circle",
    () =>
      Response.json({ tags: [] }, {
        headers: { link: `</v2/app/${API_KEY}>; rel="next"` },
      }),
    tags,
  ],
  [
    "an upload's location",
    () =>
      new Response(null, {
        status: 202,
        headers: { location: `http://registry.example/${API_KEY}` },
      }),
    upload,
  ],
  [
    "a redirect without TLS",
    () => Response.redirect(`http://registry.example/${API_KEY}`, 307),
    manifest,
  ],
  [
    "a token service on a private address",
    () =>
      new Response(null, {
        status: 401,
        headers: {
          "www-authenticate": `Bearer realm="https://10.0.0.1/${API_KEY}"`,
        },
      }),
    manifest,
  ],
  [
    "a token service that does not answer well",
    () =>
      new Response(null, {
        status: 401,
        headers: {
          "www-authenticate":
            `Bearer realm="https://auth.example/${API_KEY}?${API_KEY}=1",scope="${API_KEY}"`,
        },
      }),
    manifest,
  ],
  [
    "an error",
    () =>
      Response.json({ errors: [{ code: "X", message: API_KEY }] }, {
        status: 400,
      }),
    manifest,
  ],
];

for (const [what, answer, run] of ECHOES) {
  Deno.test(`no error and no event shows a secret that ${what} quotes`, async () => {
    const net = network((_, { host }) =>
      host === "registry.example" ? answer() : undefined
    );
    const events: string[] = [];
    using client = net.client({
      onEvent: (event) => events.push(JSON.stringify(event)),
    });
    const error = await assertRejects(() => run(client), OciError);
    const shown = Deno.inspect(error, { depth: 10 });
    assert(!shown.includes(API_KEY), shown);
    assertEquals(events.filter((event) => event.includes(API_KEY)), []);
  });
}
