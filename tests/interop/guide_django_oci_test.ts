/**
 * The guide "Example Clients" of django-oci, in its order, with what is wrong in it
 * corrected: each request of an upload goes to the newest location, and the path of
 * uploads ends with a slash, as the specification has it.
 */
import { assert, assertEquals } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import { isManifest, MediaTypes, parseManifest } from "@gantry/oci/image";
import { Client } from "@gantry/oci/distribution/reggie";
import { GUIDE_TARGETS } from "../_support/guide_registries.ts";
import { pattern } from "../_support/transports.ts";

const OCTETS = "application/octet-stream";
const CHUNK_SIZE = 1024;

/** The guide's `read_in_chunks`. */
function* readInChunks(
  data: Uint8Array<ArrayBuffer>,
): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < data.byteLength; at += CHUNK_SIZE) {
    yield data.slice(at, at + CHUNK_SIZE);
  }
}

for (const { ignore, name, open } of GUIDE_TARGETS) {
  Deno.test({
    name: `the guide of django-oci's example clients holds with ${name}`,
    ignore,
    async fn(t) {
      await using registry = await open();
      const address = registry.url;
      using client = new Client(address, { defaultName: "myorg/myrepo" });
      const data = pattern(0, 10 * CHUNK_SIZE + 1);
      const digest = String(await Digest.fromBytes(data));

      await t.step("1. Start a server", () => {
        assertEquals(client.config.defaultName, "myorg/myrepo");
        assertEquals(client.config.debug, false);
      });

      await t.step("2. Ping the registry", async () => {
        const response = await client.do(client.newRequest("GET", "/v2/"));
        assertEquals(response.status, 200);
        // django-oci says {"success":true} here; the specification asks for no body.
        await response.cancel();
      });

      await t.step("3. Upload a blob with POST then PUT", async () => {
        const request = client.newRequest("POST", "/v2/<name>/blobs/uploads/");
        assertEquals(request.url, `${address}/v2/myorg/myrepo/blobs/uploads/`);
        assertEquals(request.method, "POST");
        const response = await client.do(request);
        assertEquals(response.status, 202);
        assert(response.headers.get("Location"));

        const uploaded = await client.do(
          client.newRequest("PUT", response.getRelativeLocation())
            .setHeader("Content-Type", OCTETS)
            .setHeader("Content-Length", String(data.byteLength))
            .setQueryParam("digest", digest)
            .setBody(data),
        );
        assertEquals(uploaded.status, 201);
        const location = uploaded.getRelativeLocation();
        assertEquals(location, `/v2/myorg/myrepo/blobs/${digest}`);

        const downloaded = await client.do(client.newRequest("GET", location));
        assertEquals(downloaded.status, 200);
        assertEquals(await downloaded.bytes(), data);
      });

      await t.step("4. Chunked upload of a blob", async () => {
        const begin = client.newRequest("POST", "/v2/<name>/blobs/uploads/")
          .setHeader("Content-Type", OCTETS)
          .setHeader("Content-Length", "0");
        let response = await client.do(begin);
        assertEquals(response.status, 202);

        let start = 0;
        for (const chunk of readInChunks(data)) {
          const end = start + chunk.byteLength - 1;
          response = await client.do(
            client.newRequest("PATCH", response.getRelativeLocation())
              .setHeader("Content-Type", OCTETS)
              .setHeader("Content-Length", String(chunk.byteLength))
              .setHeader("Content-Range", `${start}-${end}`)
              .setBody(chunk),
          );
          assertEquals(response.status, 202);
          start = end + 1;
        }
        response = await client.do(
          client.newRequest("PUT", response.getRelativeLocation())
            .setQueryParam("digest", digest),
        );
        assertEquals(response.status, 201);
        const path = `/v2/myorg/myrepo/blobs/${digest}`;
        assertEquals(response.getAbsoluteLocation(), `${address}${path}`);
        assertEquals(response.getRelativeLocation(), path);
      });

      await t.step("5. Upload a manifest", async () => {
        const manifest = {
          schemaVersion: 2,
          config: {
            mediaType: MediaTypes.config,
            size: data.byteLength,
            digest,
          },
          layers: [{
            mediaType: MediaTypes.layerGzip,
            size: data.byteLength,
            digest,
          }],
        };
        const encoded = new TextEncoder().encode(JSON.stringify(manifest));
        assert(isManifest(parseManifest(encoded, { level: "schema" })));

        let response = await client.do(
          client.newRequest("PUT", "/v2/<name>/manifests/<reference>", {
            reference: "latest",
          })
            .setHeader("Content-Type", MediaTypes.manifest)
            .setBody(manifest),
        );
        assertEquals(response.status, 201);

        response = await client.do(
          client.newRequest("GET", "/v2/<name>/manifests/<reference>", {
            reference: "latest",
          }).setHeader("Accept", MediaTypes.manifest),
        );
        assertEquals(await response.json(), manifest);
      });

      await t.step("6. List Tags", async () => {
        const request = client.newRequest("GET", "/v2/<name>/tags/list");
        assertEquals(request.url, `${address}/v2/myorg/myrepo/tags/list`);
        const other = client.newRequest("GET", "/v2/<name>/tags/list", {
          name: "vsoch/django-oci",
        });
        assertEquals(other.url, `${address}/v2/vsoch/django-oci/tags/list`);
        assertEquals(other.method, "GET");
        const response = await client.do(request);
        assertEquals(response.status, 200);
        assertEquals(await response.json(), {
          name: "myorg/myrepo",
          tags: ["latest"],
        });
      });
    },
  });
}
