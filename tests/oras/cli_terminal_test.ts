import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createRegistry } from "@gantry/oci/distribution/server";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";
import { onTerminal } from "../_support/terminal.ts";

const hasScript = found("script");

Deno.test({
  name: "login asks for the password and does not show it",
  ignore: !hasScript,
  async fn() {
    const { fetch } = createRegistry({
      authenticate: (name, password) =>
        name === "me" && password === "sesame" ? { name } : undefined,
    });
    await using box = await openSandbox(fetch);
    const { code, screen } = await onTerminal(box, ["login", box.host], [
      ["Username: ", "me\r"],
      ["Password: ", "sesamx\x7fe\r"],
    ]);
    assertStringIncludes(screen, "Login Succeeded");
    assertEquals(code, 0);
    assert(!screen.includes("sesam"));
    const stored = JSON.parse(await box.read("config.json"));
    assertEquals(stored.auths[box.host].auth, btoa("me:sesame"));
  },
});

Deno.test({
  name: "Ctrl-C at the password's prompt ends login",
  ignore: !hasScript,
  async fn() {
    await using box = await openSandbox();
    const { code, screen } = await onTerminal(box, [
      ...["login", box.host, "-u", "me"],
    ], [["Password: ", "abc\x03"]]);
    assertEquals(code, 1);
    assertStringIncludes(screen, "Error: interrupted");
  },
});

Deno.test({
  name: "push shows bars on a terminal, and lines where these are not wanted",
  ignore: !hasScript,
  async fn() {
    await using box = await openSandbox();
    await box.write("hi.txt", "hi\n");
    const push = ["push", `${box.host}/a:1`, "hi.txt"];
    const bars = await onTerminal(box, push, [], { NO_COLOR: "1" });
    assertStringIncludes(bars.screen, "✓ Uploaded    98ea6e4f216f hi.txt");
    assertStringIncludes(bars.screen, `Pushed [registry] ${box.host}/a:1`);
    assert(!bars.screen.includes("\x1b[32m"));
    const color = await onTerminal(box, push, [], { NO_COLOR: "" });
    assertStringIncludes(color.screen, "\x1b[32m✓");
    for (
      const [args, env] of [
        [[...push, "--no-tty"], {}],
        [[...push, "--debug"], {}],
        [push, { TERM: "dumb" }],
      ] as const
    ) {
      const { screen } = await onTerminal(box, args, [], env);
      assertStringIncludes(screen, "Exists    98ea6e4f216f hi.txt");
      assert(!screen.includes("\x1b["));
    }
  },
});
