import { assertEquals, assertStringIncludes } from "@std/assert";
import { stageWithoutLinks } from "../../.ci/_stage.ts";
import { ROOT } from "../_support/imports.ts";
import { type JsrServer, serveJsr } from "../_support/jsr.ts";

const { version: VERSION, links } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
) as { version: string; links?: string[] };

const SCRIPT = `
import { createRegistry, fromHandler, Registry } from "jsr:@gantry/oci";

const server = createRegistry();
const registry = new Registry({
  hostname: "registry.example",
  transport: fromHandler((request) => server.fetch(request)),
});
await registry.push("team/notes:v1", {
  files: [{ title: "hello.txt", content: "pushed and pulled" }],
});
const [path] = await registry.pull("team/notes:v1", { outdir: "pulled" });
console.log(await Deno.readTextFile(path!));
`;

interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(
  program: string,
  args: string[],
  options: Deno.CommandOptions,
): Promise<Output> {
  const output = await new Deno.Command(program, {
    args,
    stdin: "null",
    ...options,
  }).output();
  return {
    code: output.code,
    stdout: new TextDecoder().decode(output.stdout),
    stderr: new TextDecoder().decode(output.stderr),
  };
}

function succeeded(output: Output): string {
  assertEquals(output.code, 0, output.stderr);
  return output.stdout;
}

/** Publishes as the release workflow does, from a copy without links. */
async function publish(jsr: JsrServer, folder: string): Promise<void> {
  await stageWithoutLinks(folder);
  succeeded(
    await run(
      Deno.execPath(),
      ["publish", "--token", "of-no-worth", "--no-provenance"],
      { cwd: folder, env: { JSR_URL: jsr.url, NO_COLOR: "1" } },
    ),
  );
}

// A copy of the project without adapters has nothing to serve as @std.
const ignore = links === undefined;
// deno-lint-ignore no-console
if (ignore) console.error("No adapters in .std: the JSR test is ignored");

Deno.test({
  name: "the published package runs, imports and installs from JSR",
  ignore,
  fn: testPackage,
});

async function testPackage(t: Deno.TestContext): Promise<void> {
  await using jsr = await serveJsr();
  const home = await Deno.makeTempDir({ prefix: "gantry-jsr-" });
  try {
    const env = {
      JSR_URL: jsr.url,
      DENO_DIR: `${home}/deno-dir`,
      NO_COLOR: "1",
    };
    const deno = (args: string[]) =>
      run(Deno.execPath(), args, { cwd: `${home}/work`, env });
    await Deno.mkdir(`${home}/work`);
    await Deno.mkdir(`${home}/staged`);

    await t.step("deno publish sends the package, and only that", async () => {
      await publish(jsr, `${home}/staged`);
      const folders = new Set(
        jsr.paths("@gantry/oci").map((path) => path.split("/")[1]!),
      );
      assertEquals([...folders].sort(), [
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "cli.ts",
        "deno.json",
        "digest",
        "distribution",
        "image",
        "mod.ts",
        "oras",
      ]);
    });

    await t.step(
      "deno run jsr:@gantry/oci/cli prints the version",
      async () => {
        const stdout = succeeded(
          await deno(["run", "-A", "jsr:@gantry/oci/cli", "version"]),
        );
        assertStringIncludes(stdout, VERSION);
      },
    );

    await t.step("a script imports jsr:@gantry/oci", async () => {
      await Deno.writeTextFile(`${home}/work/script.ts`, SCRIPT);
      const stdout = succeeded(
        await deno(["run", "-A", "--check", "script.ts"]),
      );
      assertEquals(stdout.trim(), "pushed and pulled");
    });

    await t.step("deno install -g makes the command gantry", async () => {
      succeeded(
        await deno([
          "install",
          "--global",
          "--allow-all",
          "--root",
          `${home}/root`,
          "--name",
          "gantry",
          "jsr:@gantry/oci/cli",
        ]),
      );
      const stdout = succeeded(
        await run(`${home}/root/bin/gantry`, ["version"], {
          cwd: `${home}/work`,
          env: { ...env, PATH: await pathWithDeno(home) },
        }),
      );
      assertStringIncludes(stdout, VERSION);
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** A PATH that has this Deno, which the installed command calls by name. */
async function pathWithDeno(home: string): Promise<string> {
  await Deno.mkdir(`${home}/bin`);
  await Deno.symlink(Deno.execPath(), `${home}/bin/deno`);
  return `${home}/bin:${Deno.env.get("PATH") ?? ""}`;
}
