import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CredentialError } from "@gantry/oci/distribution";
import { CredentialHelper } from "@gantry/oci/distribution/node";

const ignore = Deno.build.os === "windows";

/** A helper in sh, and the folder that is its `$FOLDER`. */
async function withHelper(
  script: string,
  work: (helper: CredentialHelper, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "helper-"));
  try {
    const path = join(folder, "docker-credential-odd");
    await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const env = { PATH: `${folder}:/usr/bin:/bin`, FOLDER: folder };
    await work(new CredentialHelper("odd", { env }), folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}

/** Ends with a file when it has run to its end, in a process of its own or not. */
const SLOW = '(sleep 5; : >"$FOLDER/end")';

const HANGING: Record<string, string> = {
  "waits for a program of its own": `${SLOW}; exit 1`,
  "has ended and left a program behind": `${SLOW} &`,
  "does not want to end": `trap "" TERM INT; ${SLOW}; exit 1`,
};
for (const [what, script] of Object.entries(HANGING)) {
  Deno.test({
    name: `CredentialHelper leaves a helper when it is aborted that ${what}`,
    ignore,
    async fn() {
      await withHelper(
        `: >"$FOLDER/begun"; ${script}`,
        async (helper, folder) => {
          const controller = new AbortController();
          const { signal } = controller;
          const reason = new Error("enough");
          const pending = assertRejects(() =>
            helper.get("r.example", { signal })
          );
          while (!await exists(join(folder, "begun"))) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          controller.abort(reason);
          assertEquals(await pending, reason);
          assert(!await exists(join(folder, "end")));
        },
      );
    },
  });
}

Deno.test({
  name:
    "CredentialHelper leaves a helper that answers too much, and will not end",
  ignore,
  async fn() {
    const script = 'trap "" TERM PIPE; yes s3cret; yes s3cret; ' + SLOW;
    await withHelper(script, async (helper, folder) => {
      const error = await assertRejects(
        () => helper.get("r.example"),
        CredentialError,
        "its answer is larger than 1048576 bytes",
      );
      assertEquals(error.code, "CREDENTIAL_HELPER_FAILED");
      assert(!error.message.includes("s3cret"));
      assert(!await exists(join(folder, "end")));
    });
  },
});
