import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Digest,
  DigestMismatchError,
  DigestUnsupportedError,
  registerAlgorithm,
} from "@gantry/oci/digest";
import {
  fromHandler,
  InvalidReferenceError,
  Reference,
  RegistryClient,
  toSource,
} from "@gantry/oci/distribution";
import { memoryStorage } from "@gantry/oci/distribution/server";
import { validateDescriptor } from "@gantry/oci/image";
import { textOf } from "../distribution/_repository.ts";
import {
  ABC,
  LAYER,
  open,
  OWN,
  registeredSuite,
  upload,
} from "./_registered.ts";

// This test must come before the others, which register it.
Deno.test("a digest of an algorithm that is not registered is refused everywhere", async () => {
  assertEquals(String(new Digest(ABC)), ABC);
  assertThrows(() => Digest.parse(ABC), DigestUnsupportedError);
  assertThrows(
    () => Reference.parse(`registry.example/team/app@${ABC}`),
    InvalidReferenceError,
  );
  const [{ blobs }, ask] = open(memoryStorage());
  await assertRejects(
    () => blobs.push(LAYER, toSource("abc")),
    DigestUnsupportedError,
  );
  const response = await upload(ask, "abc");
  assertEquals(response.status, 400);
  const { errors } = await response.json();
  assertEquals(errors[0].code, "DIGEST_INVALID");
});

Deno.test("a registered algorithm is known to references and models", () => {
  registerAlgorithm(OWN);
  const { digest } = Reference.parse(`registry.example/team/app@${ABC}`);
  assertEquals(digest, ABC);
  assertEquals(validateDescriptor(LAYER), []);
  assertEquals(
    validateDescriptor({ ...LAYER, digest: `${ABC}0` })
      .map(({ path }) => path),
    ["$.digest"],
  );
});

registeredSuite("memory", (use) => use(memoryStorage()));

Deno.test("a client refuses tampered content of a registered algorithm", async () => {
  registerAlgorithm(OWN);
  const { blobs } = new RegistryClient("registry.example", {
    transport: fromHandler(() =>
      new Response("abd", { headers: { "content-length": "3" } })
    ),
  }).repository("team/app");
  const error = await assertRejects(
    () => textOf(blobs.get(LAYER)),
    DigestMismatchError,
  );
  assertEquals(error.expected, ABC);
});
