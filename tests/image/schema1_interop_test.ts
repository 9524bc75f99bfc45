import { assert, assertEquals } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import { MediaTypes, signSchema1, verifySchema1 } from "@gantry/oci/image";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { found } from "../_support/programs.ts";
import { manifest } from "./_schema1.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Keys of openssl, in each form that PEM has for them. */
async function openssl(...args: string[]): Promise<string> {
  const { stdout, success, stderr } = await new Deno.Command("openssl", {
    args,
  }).output();
  assert(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}

Deno.test({
  name: "signSchema1() takes PEM in every form, JWK and CryptoKey",
  ignore: !found("openssl"),
  async fn() {
    const folder = await Deno.makeTempDir();
    const sec1 = await openssl("ecparam", "-genkey", "-name", "secp384r1");
    const path = `${folder}/ec.pem`;
    await Deno.writeTextFile(path, sec1);
    const pkcs8 = await openssl("pkcs8", "-topk8", "-nocrypt", "-in", path);
    const rsa = await openssl("genrsa", "2048");
    await Deno.writeTextFile(path, rsa);
    const pkcs1 = await openssl("rsa", "-traditional", "-in", path);
    await Deno.remove(folder, { recursive: true });
    assert(sec1.includes("BEGIN EC PRIVATE KEY"));
    assert(pkcs8.includes("BEGIN PRIVATE KEY"));
    assert(pkcs1.includes("BEGIN RSA PRIVATE KEY"));
    const pair = await crypto.subtle.generateKey(
      {
        name: "RSASSA-PKCS1-v1_5",
        hash: "SHA-512",
        modulusLength: 2048,
        publicExponent: Uint8Array.of(1, 0, 1),
      },
      true,
      ["sign", "verify"],
    );
    const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
    const ids = new Map<string, string>();
    for (
      const [name, key, algorithm] of [
        ["sec1", sec1, "ES384"],
        ["pkcs8", pkcs8, "ES384"],
        ["rsa", rsa, "RS256"],
        ["pkcs1", pkcs1, "RS256"],
        ["pair", pair, "RS512"],
        ["private", pair.privateKey, "RS512"],
        ["jwk", jwk, "RS512"],
      ] as const
    ) {
      const { bytes } = await signSchema1(manifest, { key });
      const { signers: [signer] } = await verifySchema1(bytes);
      assertEquals([name, signer!.algorithm], [name, algorithm]);
      assert(!decoder.decode(bytes).includes('"d"'));
      ids.set(name, signer!.keyId);
    }
    assertEquals(ids.get("sec1"), ids.get("pkcs8"));
    assertEquals(ids.get("rsa"), ids.get("pkcs1"));
    assertEquals(ids.get("pair"), ids.get("private"));
    assertEquals(ids.get("pair"), ids.get("jwk"));
    assertEquals(new Set(ids.values()).size, 3);
  },
});

Deno.test({
  name:
    "docker-registry takes what signSchema1() signs, and we verify what it signs",
  ignore: !found("docker-registry"),
  async fn() {
    await using registry = await startDockerRegistry({ schema1: true });
    const base = `http://${registry.host}/v2/team/app`;
    const layer = new Uint8Array(32).fill(7);
    const blobSum = String(await Digest.fromBytes(layer));
    const start = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
    await start.body?.cancel();
    const upload = new URL(start.headers.get("location")!, base);
    upload.searchParams.set("digest", blobSum);
    const uploaded = await fetch(upload, { method: "PUT", body: layer });
    assertEquals(uploaded.status, 201);
    await uploaded.body?.cancel();

    const value = { ...manifest, fsLayers: [{ blobSum }] };
    const rsa = await crypto.subtle.generateKey(
      {
        name: "RSASSA-PKCS1-v1_5",
        hash: "SHA-256",
        modulusLength: 2048,
        publicExponent: Uint8Array.of(1, 0, 1),
      },
      false,
      ["sign", "verify"],
    );
    const p384 = await crypto.subtle.generateKey(
      { name: "ECDSA", namedCurve: "P-384" },
      false,
      ["sign", "verify"],
    );
    for (const key of [undefined, rsa, p384]) {
      const { bytes, descriptor } = await signSchema1(value, { key });
      const put = (body: Uint8Array<ArrayBuffer>) =>
        fetch(`${base}/manifests/v1`, {
          method: "PUT",
          headers: { "content-type": MediaTypes.dockerSchema1Signed },
          body,
        });
      const response = await put(bytes);
      assertEquals([response.status, await response.text()], [201, ""]);
      assertEquals(
        response.headers.get("docker-content-digest"),
        descriptor.digest,
      );
      const changed = decoder.decode(bytes).replace('"amd64"', '"arm64"');
      const refused = await put(encoder.encode(changed));
      // Its own error of the signature is not one that it has a status for.
      assert(refused.status >= 400);
      await refused.body?.cancel();

      const got = await fetch(`${base}/manifests/${descriptor.digest}`, {
        headers: { accept: MediaTypes.dockerSchema1Signed },
      });
      assertEquals(got.status, 200);
      const theirs = await verifySchema1(await got.bytes(), {
        digest: descriptor.digest,
      });
      assertEquals(theirs.value.name, "team/app");
    }
  },
});
