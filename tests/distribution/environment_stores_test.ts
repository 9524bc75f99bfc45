import { assertEquals } from "@std/assert";
import {
  dockerConfigFromEnvironment,
  podmanAuthFromEnvironment,
} from "@gantry/oci/distribution/node";
import process from "node:process";

const CREDENTIAL = { username: "me", password: "pw" };
const TEXT = JSON.stringify({
  auths: { "r.example": { auth: btoa("me:pw") } },
});

/** Does work with a variable set, and puts back what it was. */
async function withVariable(
  name: string,
  value: string,
  work: () => Promise<void>,
): Promise<void> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

Deno.test("dockerConfigFromEnvironment() finds the file in the folder of DOCKER_CONFIG", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/config.json`, TEXT);
    await withVariable("DOCKER_CONFIG", folder, async () => {
      const store = dockerConfigFromEnvironment();
      assertEquals(await store.get("r.example"), CREDENTIAL);
      assertEquals(await store.get("other.example"), undefined);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("podmanAuthFromEnvironment() finds the file that REGISTRY_AUTH_FILE names", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/auth.json`;
    await Deno.writeTextFile(file, TEXT);
    await withVariable("REGISTRY_AUTH_FILE", file, async () => {
      const store = podmanAuthFromEnvironment();
      assertEquals(store.files, [file]);
      assertEquals(await store.get("r.example"), CREDENTIAL);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
