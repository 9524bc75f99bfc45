import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Manifest } from "@gantry/oci/image";
import { Registry } from "@gantry/oci/oras";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { type Meddler, openHttpRegistry } from "../_support/http_registry.ts";
import { found } from "../_support/programs.ts";
import { TokenService } from "../_support/token_service.ts";

/** What oras 1.3.3 makes to push one new file to a registry that asks for nothing: counted, once and for all. */
const ORAS_PUSH = 8;

const USER = { username: "me", password: "s3cr3t" };

/** Passes requests on to docker-registry, which must think that it is asked itself. */
function passOn(host: string): Meddler {
  return async (request) => {
    const { pathname, search, host: own } = new URL(request.url);
    const headers = new Headers(request.headers);
    headers.set("x-forwarded-host", own);
    const body = request.body === null ? null : await request.arrayBuffer();
    return await fetch(`http://${host}${pathname}${search}`, {
      method: request.method,
      headers,
      body,
      redirect: "manual",
    });
  };
}

/** A folder with a file that no registry has seen. */
async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  await Deno.writeTextFile(join(path, "hello.txt"), crypto.randomUUID());
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function countOfOras(host: string, seen: unknown[]): Promise<number> {
  await using root = await folder();
  const before = seen.length;
  const args = ["push", "--plain-http", `${host}/by/oras:v1`, "hello.txt"];
  const { code, stderr } = await new Deno.Command("oras", {
    args,
    cwd: root.path,
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return seen.length - before;
}

/** Pushes and pulls one new file, and demands that it takes no more requests than it must. */
async function assertCounts(
  registry: Registry,
  seen: readonly { readonly method: string }[],
  most: number,
): Promise<void> {
  await using root = await folder();
  const start = seen.length;
  const files = ["hello.txt"];
  await registry.push("by/gantry:v1", { root: root.path, files });
  const pushed = seen.slice(start).map(({ method }) => method);
  assert(pushed.length <= most, `${pushed} are more than ${most}`);
  // Each blob is looked for and uploaded; nobody asks about the manifest.
  assertEquals(pushed.toSorted(), [
    "HEAD",
    "HEAD",
    "POST",
    "POST",
    "PUT",
    "PUT",
    "PUT",
  ]);

  const { digest } = await registry.resolve("by/gantry:v1");
  const target = `by/gantry@${digest}`;
  const pulling = seen.length;
  await registry.pull(target, { outdir: join(root.path, "out") });
  // One for the manifest, one for the only layer.
  assertEquals(seen.slice(pulling).map(({ method }) => method), ["GET", "GET"]);

  const { value } = await registry.getManifest(target);
  const reading = seen.length;
  for (const blob of (value as Manifest).layers) {
    const stream = await registry.getBlob("by/gantry", blob);
    await new Response(stream).bytes();
  }
  assertEquals(seen.length - reading, 1);
}

Deno.test("a push of one new file makes no more requests than the 8 of oras 1.3.3, a pull one for each content", async () => {
  await using server = openHttpRegistry();
  await using registry = new Registry({
    hostname: server.host,
    plainHttp: true,
  });
  await assertCounts(registry, server.seen, ORAS_PUSH);
});

Deno.test("a push and a pull with a token that is there already make no more requests than without", async () => {
  await using tokens = new TokenService({ user: USER });
  await using server = openHttpRegistry((request, next) =>
    tokens.refuse(request) ?? next(request)
  );
  await using registry = new Registry({
    hostname: server.host,
    plainHttp: true,
    credentials: { get: () => Promise.resolve(USER) },
  });
  await using root = await folder();
  const options = { root: root.path, files: ["hello.txt"] };
  await registry.push("by/gantry:v0", options);
  await registry.pull("by/gantry:v0", { outdir: join(root.path, "out") });
  const asked = tokens.requests.length;
  // What is the same in both artifacts is there already.
  const start = server.seen.length;
  await Deno.writeTextFile(join(root.path, "hello.txt"), crypto.randomUUID());
  await registry.push("by/gantry:v1", options);
  assertEquals(
    server.seen.slice(start).map(({ method }) => method).toSorted(),
    ["HEAD", "HEAD", "POST", "PUT", "PUT"],
  );
  assertEquals(tokens.requests.length, asked);
});

Deno.test({
  name:
    "a push of one new file makes no more requests than oras, to this registry and to docker-registry",
  ignore: [found("oras"), found("docker-registry")].includes(false),
  async fn() {
    await using docker = await startDockerRegistry();
    for (const meddle of [undefined, passOn(docker.host)]) {
      await using server = openHttpRegistry(meddle);
      const most = await countOfOras(server.host, server.seen);
      await using registry = new Registry({
        hostname: server.host,
        plainHttp: true,
      });
      await assertCounts(registry, server.seen, most);
    }
  },
});
