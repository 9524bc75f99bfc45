import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Credential,
  CredentialError,
  fromHandler,
  RegistryClient,
} from "@gantry/oci/distribution";

/** What a store that was not checked by a compiler can give; each holds a secret. */
const NONE: Record<string, unknown> = {
  "a text": "me:s3cret",
  "a number": 5,
  "nothing of use": { secret: "s3cret" },
  "a user without a password": { username: "s3cret" },
  "a user that is no text": { username: 1, password: "s3cret" },
  "a token that is no text": { identityToken: ["s3cret"] },
  "a list": ["me", "s3cret"],
  "half a character": { username: "me", password: "s3cret\ud800" },
};

/** What comes of asking a registry that wants a credential. */
async function ask(value: unknown): Promise<unknown> {
  const transport = fromHandler(({ headers }) =>
    headers.has("authorization")
      ? Response.json({ name: "app", tags: ["v1"] })
      : new Response(null, {
        status: 401,
        headers: { "www-authenticate": 'Basic realm="all"' },
      })
  );
  const { tags } = new RegistryClient("registry.example", {
    transport,
    credentials: { get: () => Promise.resolve(value as Credential) },
  }).repository("app");
  return await Array.fromAsync(tags.list());
}

for (const [name, value] of Object.entries(NONE)) {
  Deno.test(`a store of credentials that gives ${name} is told so, and nothing is quoted`, async () => {
    const error = await assertRejects(() => ask(value), CredentialError);
    assertEquals(error.code, "CREDENTIAL_INVALID");
    assert(error.message.startsWith("Cannot use the credential of registry"));
    assert(!Deno.inspect(error).includes("s3cret"));
  });
}

Deno.test("a store of credentials that gives null has none", async () => {
  await assertRejects(() => ask(null), Error, "registry answered 401");
  assertEquals(await ask({ username: "me", password: "s3cret" }), ["v1"]);
});
