import { assertEquals, assertFalse } from "@std/assert";
import { fileURLToPath } from "node:url";
import { permissionsOf } from "../../oras/commands/permissions.ts";
import { found } from "../_support/programs.ts";
import { ENDLESS, LINES, openWorkshop } from "./_every_command.ts";

const CLONE = fileURLToPath(new URL("../../", import.meta.url));
const hasScript = found("script");

/** A line for script(1), which gives a command a terminal and the permissions of its group. */
function onTerminal(
  words: readonly string[],
  places: Readonly<Record<string, string>>,
): string {
  const [one, two, three] = words;
  const group = permissionsOf(`gantry ${one} ${two} ${three}`) ??
    permissionsOf(`gantry ${one} ${two}`) ?? permissionsOf(`gantry ${one}`);
  const flags = group!.flags.map((flag) =>
    flag.replace(/<(\w+)>/, (_, name: string) => places[name]!)
  );
  return [
    Deno.execPath(),
    ...["run", "--quiet", `--allow-read=${CLONE}`, ...flags],
    ...[`${CLONE}cli.ts`, ...words],
  ].map((word) => `'${word}'`).join(" ");
}

function start(
  command: string,
  cwd: string,
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    cwd,
    env: { TERM: "xterm", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

Deno.test({
  name: "no command asks for more than the permissions of its group",
  ignore: !hasScript,
  async fn() {
    await using box = await openWorkshop();
    const { folder, host } = box;
    const home = folder.replace(/\/work$/, "");
    const temporary = `${home}/tmp`;
    await Deno.mkdir(temporary);
    const places = {
      registry: host,
      credentials: `${home}/docker`,
      files: folder,
      output: `${folder}/out`,
      temporary,
    };
    // Where docker's file has nothing, podman's would be looked at.
    const lines = [...LINES, ["resolve HOST/app:v1"] as const];
    for (const [line, stdin] of lines) {
      const words = line.replaceAll("HOST", host).split(" ");
      const child = start(onTerminal(words, places), folder, {
        DOCKER_CONFIG: `${home}/docker`,
        TMPDIR: temporary,
      });
      const writer = child.stdin.getWriter();
      if (stdin !== undefined) {
        await writer.write(new TextEncoder().encode(`${stdin}\n\x04`));
      }
      let screen = "";
      for await (
        const text of child.stdout.pipeThrough(new TextDecoderStream())
      ) {
        screen += text;
        // Without an answer it would wait for ever.
        if (screen.includes("Deno requests")) child.kill("SIGKILL");
      }
      await child.status;
      await writer.close().catch(() => {});
      assertFalse(screen.includes("Deno requests"), `${line}: ${screen}`);
    }
  },
});

Deno.test({
  name: "serve on a terminal asks nothing while it takes content",
  ignore: !hasScript,
  async fn() {
    const folder = await Deno.makeTempDir();
    const child = start(
      onTerminal(
        [ENDLESS, "--listen", "127.0.0.1:0", "--root", `${folder}/root`],
        { listen: "127.0.0.1", files: folder, root: `${folder}/root` },
      ),
      folder,
    );
    let screen = "";
    const asked = new AbortController();
    const url = Promise.withResolvers<string>();
    const reading = (async () => {
      for await (
        const text of child.stdout.pipeThrough(new TextDecoderStream())
      ) {
        screen += text;
        const [, found] = /Listening on (\S+)\r?\n/.exec(screen) ?? [];
        if (found !== undefined) url.resolve(found);
        if (screen.includes("Deno requests")) asked.abort(new Error(screen));
      }
      url.reject(new Error(screen));
    })();
    try {
      const answer = await fetch(`${await url.promise}/v2/app/manifests/v1`, {
        method: "PUT",
        headers: {
          "content-type": "application/vnd.oci.image.index.v1+json",
        },
        body: '{"schemaVersion":2,"manifests":[]}',
        signal: asked.signal,
      });
      await answer.body?.cancel();
      assertEquals(answer.status, 201);
      assertFalse(screen.includes("Deno requests"), screen);
    } finally {
      // Ctrl-C, as a user ends it.
      const writer = child.stdin.getWriter();
      await writer.write(new Uint8Array([3])).catch(() => {});
      await child.status;
      await writer.close().catch(() => {});
      await reading;
      await Deno.remove(folder, { recursive: true });
    }
  },
});
