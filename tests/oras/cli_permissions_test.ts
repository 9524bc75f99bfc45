import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { createRegistry } from "@gantry/oci/distribution/server";
import { helpPage } from "../../oras/commands/help.ts";
import {
  PERMISSION_GROUPS,
  permissionsOf,
} from "../../oras/commands/permissions.ts";
import { makeCertificates } from "../_support/certificates.ts";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { runProgram } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";
import { ENDLESS, leavesOf, LINES, openWorkshop } from "./_every_command.ts";

const CLONE = fileURLToPath(new URL("../../", import.meta.url));

/** How a command is run with the permissions of its group and no others. */
function commandWith(
  words: readonly string[],
  places: Readonly<Record<string, string>>,
): readonly string[] {
  const group = permissionsOf(`gantry ${words.slice(0, 3).join(" ")}`) ??
    permissionsOf(`gantry ${words.slice(0, 2).join(" ")}`) ??
    permissionsOf(`gantry ${words[0]}`);
  const flags = group!.flags.map((flag) =>
    flag.replace(/<(\w+)>/, (_, name: string) => places[name]!)
  );
  return [
    Deno.execPath(),
    ...["run", "--quiet", "--no-prompt", `--allow-read=${CLONE}`],
    ...flags,
    `${CLONE}cli.ts`,
    ...words,
  ];
}

Deno.test("each command runs with the permissions of its group and no others", async () => {
  await using box = await openWorkshop();
  const { folder, host } = box;
  const home = folder.replace(/\/work$/, "");
  const temporary = `${home}/tmp`;
  await Deno.mkdir(temporary);
  const places: Readonly<Record<string, string>> = {
    registry: host,
    credentials: `${home}/docker`,
    files: folder,
    output: `${folder}/out`,
    temporary,
  };
  for (const [line, stdin = ""] of LINES) {
    const words = line.replaceAll("HOST", host).split(" ");
    const { code, stderr } = await runProgram(commandWith(words, places), {
      cwd: folder,
      stdin,
      env: { DOCKER_CONFIG: `${home}/docker`, TMPDIR: temporary },
    });
    assertEquals(code, 0, `gantry ${line}: ${stderr}`);
  }
});

Deno.test({
  name: "commands need no other permissions for a registry that speaks TLS",
  ignore: !found("openssl"),
  async fn() {
    const { selfSigned } = await makeCertificates();
    await using box = await openSandbox();
    await box.write("hi.txt", "hi\n");
    await box.write("ca.pem", selfSigned.cert);
    await using registry = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {}, ...selfSigned },
      createRegistry().fetch,
    );
    const host = `127.0.0.1:${registry.addr.port}`;
    const places: Readonly<Record<string, string>> = {
      registry: host,
      credentials: `${box.folder}/../docker`,
      files: box.folder,
      output: `${box.folder}/out`,
      temporary: `${box.folder}/tmp`,
    };
    for (const trust of [["--ca-file", "ca.pem"], ["--insecure"]]) {
      for (
        const words of [
          ["push", `${host}/app:v1`, "hi.txt", ...trust],
          ["resolve", `${host}/app:v1`, ...trust],
          ["tag", `${host}/app:v1`, "v2", ...trust],
          ["pull", `${host}/app:v2`, "--output", "out", ...trust],
        ]
      ) {
        const [program, ...flags] = commandWith(words, places);
        // What flags name must be allowed, too.
        const line = flags.toSpliced(1, 0, `--allow-read=${box.folder}`);
        const { code, stderr } = await runProgram([program!, ...line], {
          cwd: box.folder,
          env: {
            DOCKER_CONFIG: places["credentials"]!,
            TMPDIR: places["temporary"]!,
          },
        });
        assertEquals([code, stderr], [0, ""], words.join(" "));
      }
    }
    assertEquals(await box.read("out/hi.txt"), "hi\n");
  },
});

Deno.test("serve runs with its permissions and no others, and serves", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const users = `${folder}/users`;
    // Of the password "sesame".
    await Deno.writeTextFile(
      users,
      "me:$2a$04$.Ir09QZYhSgxAvRnJPTtFuDI9Nh3d3IZBhOpDSXSCZPnu9gVTfU2m\n",
    );
    const listen = "127.0.0.1:0";
    for (
      const more of [
        [],
        ["--root", `${folder}/root`],
        ["--root", `${folder}/root`, "--htpasswd", users, "--tokens"],
      ]
    ) {
      const [program, ...args] = commandWith(
        [ENDLESS, "--listen", listen, ...more],
        { listen: "127.0.0.1", files: users, root: `${folder}/root` },
      );
      const child = new Deno.Command(program!, {
        args,
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = child.stdout.pipeThrough(new TextDecoderStream())
        .getReader();
      const { value = "" } = await reader.read();
      try {
        const url = value.replace("Listening on ", "").trim();
        const answer = await fetch(`${url}/v2/app/tags/list`);
        await answer.body?.cancel();
        assertEquals(answer.status, more.includes(users) ? 401 : 404, value);
      } finally {
        child.kill("SIGTERM");
        await reader.cancel();
        await child.status;
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every command is in one group, and a group names no other", () => {
  const known = new Set<string>();
  for (const { path } of leavesOf()) {
    const name = path.join(" ");
    const groups = PERMISSION_GROUPS.filter(({ commands }) =>
      commands.some((one) => name === one || name.startsWith(`${one} `))
    );
    assertEquals(groups.length, 1, `groups with ${name}`);
    known.add(name);
    known.add(path[0]!);
  }
  for (const name of PERMISSION_GROUPS.flatMap(({ commands }) => commands)) {
    assert(known.has(name), `there is no command ${name}`);
  }
});

Deno.test("README and help list the permissions of each group", async () => {
  const readme = await Deno.readTextFile(`${CLONE}README.md`);
  for (const { commands, flags, purpose } of PERMISSION_GROUPS) {
    const row = readme.split("\n").find((line) =>
      line.startsWith(`| ${purpose}: `)
    );
    assert(row !== undefined, `no row is called ${purpose}`);
    const [, left = "", right = ""] = row.split("|");
    const codes = (cell: string) =>
      Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code!);
    assertEquals(codes(left), commands, purpose);
    assertEquals(codes(right), flags, purpose);
  }
  for (const { command, path } of leavesOf()) {
    const name = `gantry ${path.join(" ")}`;
    for (const flag of permissionsOf(name)!.flags) {
      assertStringIncludes(helpPage(command, name), `\n  ${flag}`);
    }
  }
});
