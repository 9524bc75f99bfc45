import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";

Deno.test("serve ends on SIGTERM though a client never finishes its request", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A"],
      fileURLToPath(new URL("../../cli.ts", import.meta.url)),
      ...["serve", "--listen", "127.0.0.1:0"],
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.getReader();
  const { value } = await output.read();
  const line = new TextDecoder().decode(value);
  assertMatch(line, /:\d+\n$/);
  const port = Number(line.trim().split(":").at(-1));
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const upload = await fetch(
    `http://127.0.0.1:${port}/v2/app/blobs/uploads/`,
    { method: "POST" },
  );
  await upload.body?.cancel();
  await connection.write(new TextEncoder().encode(
    `PATCH ${upload.headers.get("location")} HTTP/1.1\r\n` +
      "Host: localhost\r\nContent-Length: 10\r\n\r\nabc",
  ));
  // Answered by the same server, so the one before has arrived.
  await (await fetch(`http://127.0.0.1:${port}/v2/`)).body?.cancel();
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 0);
  await output.cancel();
});
