/**
 * The Reggie sections of the guide "Getting Started" of oci-python, in its order, with
 * what is wrong in it corrected: ranges are inclusive, each request of an upload goes to
 * the newest location, and a PUT finishes it.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import { type Descriptor, MediaTypes } from "@gantry/oci/image";
import { compress } from "@gantry/oci/image/layer";
import { Client, METHODS } from "@gantry/oci/distribution/reggie";
import { createTarPacker } from "modern-tar";
import { GUIDE_TARGETS } from "../_support/guide_registries.ts";

const OCTETS = "application/octet-stream";

/** The guide's `calculate_digest`. */
async function digestOf(content: string | Uint8Array<ArrayBuffer>) {
  return String(
    typeof content === "string"
      ? await Digest.fromString(content)
      : await Digest.fromBytes(content),
  );
}

for (const { ignore, name, open } of GUIDE_TARGETS) {
  Deno.test({
    name: `the guide of oci-python's Reggie holds with ${name}`,
    ignore,
    async fn(t) {
      await using registry = await open();
      const address = registry.url;

      await t.step("Method Chaining", async () => {
        using client = new Client(address);
        const config = "{}";
        const digest = await digestOf(config);
        const begun = await client.do(
          client.newRequest("POST", "/v2/<name>/blobs/uploads/", {
            name: "myorg/myrepo",
          }),
        );
        const request = client.newRequest("PUT", begun.getRelativeLocation())
          .setHeader("Content-Length", String(config.length))
          .setHeader("Content-Type", OCTETS)
          .setQueryParam("digest", digest)
          .setBody(config);
        assertEquals((await client.do(request)).status, 201);
      });

      await t.step("Client Options", () => {
        using client = new Client(address, {
          username: "myuser",
          password: "mypass",
          defaultName: "myorg/myrepo",
          debug: true,
        });
        assertEquals(client.config.defaultName, "myorg/myrepo");
        assertEquals(client.config.debug, true);
        assertEquals(client.config.username, "myuser");
        assertEquals(client.config.password, "mypass");
      });

      await t.step("Location Header Parsing", async () => {
        using client = new Client(address, { defaultName: "myorg/myrepo" });
        const response = await client.do(
          client.newRequest("POST", "/v2/<name>/blobs/uploads/"),
        );
        assertMatch(response.getRelativeLocation(), /^\/v2\//);
        assert(response.getAbsoluteLocation().startsWith(`${address}/v2/`));
      });

      await t.step("Error Parsing", async () => {
        using client = new Client(address);
        const response = await client.do(
          client.newRequest("GET", "/v2/<name>/manifests/<reference>", {
            name: "myorg/myrepo",
            reference: "missing",
          }),
        );
        assertEquals(response.status, 404);
        for (const error of await response.errors()) {
          assertEquals(error.code, "MANIFEST_UNKNOWN");
          assertEquals(typeof error.message, "string");
        }
      });

      await t.step("HTTP Valid Methods", async () => {
        using client = new Client(address);
        for (const method of METHODS) {
          const response = await client.do(client.newRequest(method, "/v2/"));
          assert([200, 405].includes(response.status), method);
        }
      });

      await t.step("Custom User-Agent", () => {
        using client = new Client(address);
        assertMatch(client.config.userAgent, /^gantry\/\d+\.\d+\.\d+$/);
        using custom = new Client(address, { userAgent: "my-agent" });
        assertEquals(custom.config.userAgent, "my-agent");
      });

      using client = new Client(address, { defaultName: "myorg/myrepo" });
      const blob = "{}";
      const blobDigest = await digestOf(blob);

      await t.step("Upload a blob", async () => {
        const request = client.newRequest("POST", "/v2/<name>/blobs/uploads/");
        assertEquals(request.url, `${address}/v2/myorg/myrepo/blobs/uploads/`);
        assertEquals(request.method, "POST");

        let response = await client.do(request);
        assertEquals(response.status, 202);
        assert(response.headers.has("Location"));

        const chunks = [[blob[0]!, "0-0"], [blob[1]!, "1-1"]] as const;
        for (const [chunk, range] of chunks) {
          response = await client.do(
            client.newRequest("PATCH", response.getRelativeLocation())
              .setHeader("Content-Type", OCTETS)
              .setHeader("Content-Length", String(chunk.length))
              .setHeader("Content-Range", range)
              .setBody(chunk),
          );
          assertEquals(response.status, 202);
        }
        response = await client.do(
          client.newRequest("PUT", response.getRelativeLocation())
            .setQueryParam("digest", blobDigest),
        );
        assertEquals(response.status, 201);

        response = await client.do(
          client.newRequest("GET", "/v2/<name>/blobs/<digest>", {
            digest: blobDigest,
          }),
        );
        assertEquals(response.status, 200);
        assertEquals(await response.text(), blob);
      });

      await t.step("Upload a Manifest", async () => {
        const manifest = {
          schemaVersion: 2,
          config: {
            mediaType: MediaTypes.config,
            size: blob.length,
            digest: blobDigest,
          },
          layers: [],
        };
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

      /** What the rest of the guide presupposes: an image made by Docker. */
      const config = { container_config: { WorkingDir: "/work" } };
      await t.step("push the image that is patched next", async () => {
        const bytes = JSON.stringify(config);
        const digest = await digestOf(bytes);
        const begun = await client.do(
          client.newRequest("POST", "/v2/<name>/blobs/uploads/"),
        );
        await client.do(
          client.newRequest("PUT", begun.getRelativeLocation())
            .setHeader("Content-Type", OCTETS)
            .setQueryParam("digest", digest).setBody(bytes),
        );
        const pushed = await client.do(
          client.newRequest("PUT", "/v2/<name>/manifests/<reference>", {
            reference: "0.1.2dev0",
          })
            .setHeader("Content-Type", MediaTypes.dockerManifest)
            .setBody({
              schemaVersion: 2,
              mediaType: MediaTypes.dockerManifest,
              config: {
                mediaType: MediaTypes.dockerConfig,
                size: bytes.length,
                digest,
              },
              layers: [],
            }),
        );
        assertEquals(pushed.status, 201);
      });

      let manifest: { config: Descriptor; layers: Descriptor[] };
      await t.step("Get A Manifest", async () => {
        const response = await client.do(
          client.newRequest("GET", "/v2/<name>/manifests/<reference>", {
            reference: "0.1.2dev0",
          }).setHeader("Accept", MediaTypes.dockerManifest),
        );
        manifest = await response.json();
        assertEquals(manifest.layers, []);
      });

      let workingDir = "";
      await t.step("Get A Blob", async () => {
        const getBlob = (digest: string) =>
          client.do(
            client.newRequest("GET", "/v2/<name>/blobs/<digest>", { digest }),
          );
        const response = await getBlob(manifest.config.digest);
        workingDir = (await response.json()).container_config.WorkingDir;
        assertEquals(workingDir, config.container_config.WorkingDir);
      });

      await t.step("Add a Patch", async () => {
        const content = new TextEncoder().encode("A new test file");
        const { readable, controller } = createTarPacker();
        const entry = controller.add({
          name: `${workingDir}/test.txt`.slice(1),
          size: content.byteLength,
        }).getWriter();
        const packed = new Response(
          await compress(
            readable as ReadableStream<Uint8Array<ArrayBuffer>>,
            "gzip",
          ),
        ).bytes();
        await entry.write(content);
        await entry.close();
        controller.finalize();
        const patch = await packed as Uint8Array<ArrayBuffer>;
        const digest = await digestOf(patch);

        // What the guide leaves to do: upload the patch and the manifest.
        const begun = await client.do(
          client.newRequest("POST", "/v2/<name>/blobs/uploads/"),
        );
        const uploaded = await client.do(
          client.newRequest("PUT", begun.getRelativeLocation())
            .setHeader("Content-Type", OCTETS)
            .setQueryParam("digest", digest).setBody(patch),
        );
        assertEquals(uploaded.status, 201);
        manifest.layers.push({
          mediaType: MediaTypes.dockerLayerGzip,
          size: patch.byteLength,
          digest,
        });
        const pushed = await client.do(
          client.newRequest("PUT", "/v2/<name>/manifests/<reference>", {
            reference: "0.1.2dev0",
          })
            .setHeader("Content-Type", MediaTypes.dockerManifest)
            .setBody(manifest),
        );
        assertEquals(pushed.status, 201);
      });

      await t.step("List Tags", async () => {
        const request = client.newRequest("GET", "/v2/<name>/tags/list", {
          name: "vsoch/django-oci",
        });
        assertEquals(request.url, `${address}/v2/vsoch/django-oci/tags/list`);
        assertEquals(request.method, "GET");
        const response = await client.do(
          client.newRequest("GET", "/v2/<name>/tags/list"),
        );
        assertEquals(response.status, 200);
        // docker-registry gives them in no order.
        const { name, tags } = await response.json();
        assertEquals([name, ...tags.toSorted()], [
          "myorg/myrepo",
          "0.1.2dev0",
          "latest",
        ]);
      });
    },
  });

  Deno.test({
    name: `the guide of oci-python's Reggie logs in to ${name}`,
    ignore,
    async fn() {
      const user = { username: "myuser", password: "mypass" };
      await using registry = await open({ user });
      const push = async (client: Client): Promise<number> => {
        const request = client.newRequest("POST", "/v2/<name>/blobs/uploads/", {
          name: "mystuff/myrepo",
        });
        return (await client.do(request)).status;
      };
      using client = new Client(registry.url, user);
      assertEquals(await push(client), 202);
      using anonymous = new Client(registry.url);
      assertEquals(await push(anonymous), 401);

      const authScope = "repository:mystuff/myrepo:pull,push";
      using scoped = new Client(registry.url, { ...user, authScope });
      assertEquals(scoped.config.authScope, authScope);
      assertEquals(await push(scoped), 202);
    },
  });
}
