import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runGantry } from "../_support/gantry.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

Deno.test({
  name: "serve says why it failed, and keeps nothing of what the disk refused",
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    const root = join(folder, "root");
    // Files of this process may have 1 MiB (2048 blocks of 512 bytes) and no more.
    const script = `trap "" XFSZ; ulimit -f 2048; exec "$@"`;
    const child = new Deno.Command("sh", {
      args: [
        ...["-c", script, "sh", Deno.execPath(), "run", "-q", "-A", CLI],
        ...["serve", "--listen", "127.0.0.1:0", "--root", root],
      ],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const line = new TextDecoder().decode((await reader.read()).value);
    const url = line.trim().split(" ").at(-1)!;

    const begun = await fetch(`${url}/v2/app/blobs/uploads/`, {
      method: "POST",
    });
    await begun.body?.cancel();
    const session = new URL(begun.headers.get("location")!, url);
    const chunk = new Uint8Array(4 << 20);
    const answer = await fetch(session, { method: "PATCH", body: chunk });
    assertEquals([answer.status, (await answer.text()).includes(root)], [
      500,
      false,
    ]);
    const sizes = [];
    for await (const { name } of Deno.readDir(join(root, "_uploads"))) {
      sizes.push((await Deno.stat(join(root, "_uploads", name))).size);
    }
    assertEquals(sizes, [0]);
    // The session is still good for what the disk takes.
    const small = await fetch(session, { method: "PATCH", body: "hello" });
    await small.body?.cancel();
    assertEquals([small.status, small.headers.get("range")], [202, "0-4"]);

    child.kill("SIGTERM");
    assertEquals((await child.status).code, 0);
    await reader.cancel();
    assertStringIncludes(
      await new Response(child.stderr).text(),
      `Cannot answer PATCH ${session.pathname}: `,
    );
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("serve refuses a root that it cannot use before it listens", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "file"), "");
  const cases: readonly [string[], string][] = [
    [["--root=file"], "file: a part of the path is not a directory"],
    [["--root=file/x"], "file/x: a part of the path is not a directory"],
    [["--root=none", "--read-only"], "none: no such file or directory"],
  ];
  for (const [flags, words] of cases) {
    assertEquals(
      await runGantry(["serve", "--listen=127.0.0.1:0", ...flags], {
        cwd: folder,
      }),
      { code: 1, stdout: "", stderr: `Error: Cannot serve ${words}\n` },
    );
  }
  await Deno.remove(folder, { recursive: true });
});
