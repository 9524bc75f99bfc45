import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { compareTrees } from "../_support/compare_trees.ts";
import { cutOff, openHttpRegistry } from "../_support/http_registry.ts";
import { TokenService } from "../_support/token_service.ts";
import { pattern } from "../_support/transports.ts";

const MIB = 1024 * 1024;
const PASSWORD = "s3cr3t-pass";
const API_KEY = "s3cr3t-key";
const SIGNATURE = "s3cr3t-signature";

Deno.test("push and pull get through a registry where everything goes wrong once", async () => {
  await using tokens = new TokenService({
    user: { username: "me", password: PASSWORD },
  });
  const faults: string[] = [];
  /** Whether this is the first time. */
  const once = (fault: string) =>
    !faults.includes(fault) && faults.push(fault) > 0;
  const elsewhere: Headers[] = [];
  let locate = (path: string) => path;
  await using server = openHttpRegistry(async (request, next) => {
    const { method, url } = request;
    const { pathname, searchParams } = new URL(url);
    if (searchParams.has("signature")) {
      elsewhere.push(request.headers);
      const response = await next(request);
      const isLarge = Number(response.headers.get("content-length")) > 2 * MIB;
      return isLarge && once("cut off")
        ? await cutOff(response, 2 * MIB)
        : response;
    }
    if (method === "PUT" && pathname.includes("/blobs/") && once("expired")) {
      tokens.expireAll();
    }
    const refusal = tokens.refuse(request);
    if (refusal !== undefined) return refusal;
    if (method === "PUT" && pathname.includes("/blobs/") && once("503")) {
      await request.arrayBuffer();
      return new Response(null, { status: 503 });
    }
    if (pathname.includes("/manifests/") && once(`429 ${method}`)) {
      return new Response(null, {
        status: 429,
        headers: { "retry-after": "1" },
      });
    }
    return method === "GET" && pathname.includes("/blobs/sha256:")
      ? Response.redirect(locate(pathname), 307)
      : await next(request);
  });
  // The same server under its other name is another origin.
  locate = (path) =>
    `http://${
      server.host.replace("127.0.0.1", "localhost")
    }${path}?signature=${SIGNATURE}`;

  await using box = await openSandbox();
  await box.write("in/big.bin", pattern(0, 5 * MIB));
  await box.write("in/dir/a", "a\n");
  const cwd = join(box.folder, "in");
  const flags = [
    ...["--plain-http", `${server.host}/app:v1`, "-u", "me"],
    ...["--password-stdin", "--debug", "-H", `X-Api-Key: ${API_KEY}`],
  ];
  const stdin = `${PASSWORD}\n`;
  const paths = ["big.bin", "dir"];
  const pushed = await box.gantry(["push", ...flags, ...paths], { cwd, stdin });
  assertEquals(pushed.code, 0, pushed.stderr);
  assertStringIncludes(pushed.stderr, "Waiting 1s before PUT ");
  const pulled = await box.gantry(["pull", ...flags, "-o", "out"], { stdin });
  assertEquals(pulled.code, 0, pulled.stderr);
  assertEquals(await compareTrees(cwd, join(box.folder, "out"), paths), []);

  assertEquals(
    faults.sort(),
    ["429 GET", "429 PUT", "503", "cut off", "expired"],
  );
  assertEquals(
    elsewhere.map((headers) => headers.get("range")).filter(Boolean),
    [`bytes=${2 * MIB}-`],
  );
  for (const headers of elsewhere) {
    assertEquals(headers.get("authorization"), null);
    assertEquals(headers.get("x-api-key"), null);
  }
  const registry = server.requests("GET", "/manifests/v1").at(-1)!.headers;
  assertEquals(registry.get("x-api-key"), API_KEY);
  const shown = [pushed, pulled].map(({ stdout, stderr }) => stdout + stderr)
    .join();
  for (
    const secret of [
      PASSWORD,
      API_KEY,
      SIGNATURE,
      "token-",
      btoa(`me:${PASSWORD}`),
    ]
  ) assert(!shown.includes(secret), `${secret} is shown:\n${shown}`);
});
