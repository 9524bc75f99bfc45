import { programPath } from "./programs.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A test may ask for a collection of garbage.
  "--js-flags=--expose-gc",
];

/** How long a page may take to report, start of the browser included. */
const PATIENCE = 240_000;

/**
 * Lets a page in headless Chromium run a module that exports `probe()`, and gives
 * what that returned, by way of JSON. Of several modules it is `probe.js`.
 *
 * The page comes from a server on loopback, and reports there when it is done.
 *
 * @throws {Error} The page failed, or Chromium ended or gave no sign in time.
 */
export async function probeInChromium(
  module: string | ReadonlyMap<string, string>,
): Promise<unknown> {
  const modules = typeof module === "string"
    ? new Map([["probe.js", module]])
    : module;
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (request.method === "POST") {
        const report = await request.json();
        if (pathname === "/result") resolve(report);
        else reject(new Error(`The page failed: ${report}`));
        return new Response();
      }
      if (pathname === "/") return page();
      const text = modules.get(pathname.slice(1));
      return text === undefined
        ? new Response(null, { status: 404 })
        : javascript(text);
    },
  );
  const folder = await Deno.makeTempDir({ prefix: "gantry-chromium-" });
  const child = new Deno.Command(programPath("chromium")!, {
    args: [
      ...FLAGS,
      `--user-data-dir=${folder}`,
      `http://127.0.0.1:${server.addr.port}/`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const timer = setTimeout(
    () => reject(new Error("Chromium gave no sign in time")),
    PATIENCE,
  );
  const ended = child.status.then(async ({ code }) => {
    reject(new Error(`Chromium ended with ${code}: ${await stderr}`));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    stop(child);
    await ended;
    await removeFolder(folder);
  }
}

function javascript(text: string): Response {
  return new Response(text, {
    headers: { "content-type": "text/javascript" },
  });
}

/** A page that tells whatever happens, a module that cannot be loaded included. */
function page(): Response {
  const text = `<!doctype html><meta charset="utf-8"><title>probe</title>
<script type="module">
const report = (path, value) =>
  fetch(path, { method: "POST", body: JSON.stringify(value) });
try {
  const { probe } = await import("/probe.js");
  await report("/result", await probe());
} catch (error) {
  await report("/failure", String(error?.stack ?? error));
}
</script>`;
  return new Response(text, { headers: { "content-type": "text/html" } });
}

function stop(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended by itself.
  }
}

/** Chromium's own children may write for a moment after it has ended. */
async function removeFolder(folder: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
