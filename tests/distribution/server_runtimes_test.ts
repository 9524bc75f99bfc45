import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { bundle } from "../_support/bundle.ts";
import { found } from "../_support/programs.ts";

const here = (path: string) => new URL(path, import.meta.url);

Deno.test("createRegistry() runs under deno serve", async () => {
  const program = fileURLToPath(here("./_runtime_program.ts"));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["serve", "--no-check", "--host=127.0.0.1", "--port=0", program],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stderr) {
    said += decoder.decode(chunk);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
    if (url === undefined) continue;
    assertEquals(await (await fetch(`${url}/v2/`)).json(), {});
    break;
  }
  child.kill("SIGTERM");
  await child.stdout.cancel();
  await child.status;
  assert(said.includes("127.0.0.1"), said);
});

/** Pushes to the registry at a URL of a module, where only web standards are left. */
const WORKER = `
delete globalThis.Deno;
delete globalThis.process;
onmessage = async ({ data }) => {
  const { default: registry } = await import(data);
  const url = "https://edge.example/v2/app/manifests/v1";
  const type = "application/vnd.oci.image.index.v1+json";
  const body = '{"schemaVersion":2,"manifests":[]}';
  const init = { method: "PUT", headers: { "content-type": type }, body };
  const { status } = await registry.fetch(new Request(url, init));
  const pulled = await registry.fetch(new Request(url));
  const same = await pulled.text() === body;
  postMessage([status, same, typeof Deno, typeof process]);
};
`;

function scriptUrl(code: string): string {
  return URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
}

Deno.test("createRegistry() runs where there is neither Deno nor Node", async () => {
  const code = scriptUrl(await bundle(here("./_runtime_program.ts")));
  const script = scriptUrl(WORKER);
  const worker = new Worker(script, { type: "module" });
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  });
  worker.postMessage(code);
  try {
    assertEquals(await answer, [201, true, "undefined", "undefined"]);
  } finally {
    worker.terminate();
    URL.revokeObjectURL(code);
    URL.revokeObjectURL(script);
  }
});

/** Runs a program of this folder in Node, and gives what it printed. */
async function runInNode(program: string): Promise<string> {
  const root = fileURLToPath(here("../../"));
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  const bundled = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--platform=deno", "-o", file],
      fileURLToPath(here(program)),
    ],
    cwd: root,
  }).output();
  assert(bundled.success, new TextDecoder().decode(bundled.stderr));
  const { stdout, stderr } = await new Deno.Command("node", {
    args: [file],
    env: { NO_COLOR: "1" },
  }).output();
  await Deno.remove(file);
  const text = new TextDecoder();
  return text.decode(stdout) || text.decode(stderr);
}

Deno.test({
  name: "serve() and directoryStorage() run in Node",
  ignore: !found("node"),
  async fn() {
    assertEquals(await runInNode("./_node_program.ts"), "201 true\n");
  },
});

Deno.test({
  name:
    "serve() in Node gives up a client that sends the head of a request for ever",
  ignore: !found("node"),
  async fn() {
    assertEquals(
      await runInNode("./_slow_head_program.ts"),
      "HTTP/1.1 408 Request Timeout, 200\n",
    );
  },
});
