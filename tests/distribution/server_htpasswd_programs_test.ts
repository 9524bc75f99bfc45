import { htpasswd } from "@gantry/oci/distribution/server";
import { assertEquals } from "@std/assert";
import { hash } from "bcryptjs";
import { found } from "../_support/programs.ts";

Deno.test({
  name: "htpasswd() reads what Apache's htpasswd writes",
  ignore: !found("htpasswd"),
  async fn() {
    const { stdout } = await new Deno.Command("htpasswd", {
      args: ["-nbB", "-C", "4", "alice", "secret"],
    }).output();
    const authenticate = htpasswd(new TextDecoder().decode(stdout));
    assertEquals(await authenticate("alice", "secret"), { name: "alice" });
    assertEquals(await authenticate("alice", "Secret"), undefined);
  },
});

Deno.test("htpasswd() does the same work for names that do not exist", async () => {
  const here = (path: string) => new URL(path, import.meta.url).href;
  const config = new URL("../../deno.json", import.meta.url);
  const { imports, exports } = JSON.parse(await Deno.readTextFile(config));
  const own = Object.entries(exports as Record<string, string>).map((
    [name, path],
  ) => [name.replace(/^\./, "@gantry/oci"), new URL(path, config).href]);
  const counting = here("./_counting_bcrypt.ts");
  const map = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(
    map,
    JSON.stringify({
      imports: {
        ...imports,
        ...Object.fromEntries(own),
        "bcryptjs": counting,
      },
      scopes: { [counting]: { "bcryptjs": imports.bcryptjs } },
    }),
  );
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A", "--no-check", "--import-map", map],
      ...[here("./_comparisons.ts"), `alice:${await hash("secret", 4)}\n`],
    ],
  }).output();
  await Deno.remove(map);
  const text = new TextDecoder().decode(stdout);
  assertEquals(
    text === "" ? new TextDecoder().decode(stderr) : JSON.parse(text),
    [
      ["alice", true, 1],
      ["nobody", true, 1],
      ["nobody", true, 1],
      ["", true, 1],
      ["__proto__", true, 1],
    ],
  );
});
