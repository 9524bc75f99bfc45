import { dirname, join } from "node:path";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  type Finished,
  runGantry,
  type RunOptions,
  runProgram,
} from "./gantry.ts";

/** A registry on loopback and a folder to work in, both gone when disposed of. */
export interface Sandbox extends AsyncDisposable {
  /** The registry, as `localhost:port`. */
  readonly host: string;
  /** The folder. Commands run in `work` below it. */
  readonly folder: string;
  /** Runs gantry in the folder. */
  gantry(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Runs oras in the folder. */
  oras(
    args: readonly string[],
    options?: Pick<RunOptions, "stdin">,
  ): Promise<Finished>;
  /** Runs gantry, and demands that it succeeds; gives its stdout. */
  ok(...args: readonly string[]): Promise<string>;
  /** Writes a file, and the folders above it. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Reads a file. */
  read(path: string): Promise<string>;
  /** Whether there is such a path. */
  exists(path: string): Promise<boolean>;
}

/** Opens a sandbox around a registry in memory, or around a handler that plays one. */
export async function openSandbox(
  handler: (request: Request) => Response | Promise<Response> =
    createRegistry().fetch,
): Promise<Sandbox> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const work = join(folder, "work");
  await Deno.mkdir(work);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    handler,
  );
  const env = {
    DOCKER_CONFIG: join(folder, "docker"),
    NO_COLOR: "1",
    REGISTRY_AUTH_FILE: "",
    SOURCE_DATE_EPOCH: "",
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_RUNTIME_DIR: join(folder, "run"),
  };
  const gantry = (args: readonly string[], options: RunOptions = {}) =>
    runGantry(args, { cwd: work, ...options, env: { ...env, ...options.env } });
  return {
    host: `localhost:${server.addr.port}`,
    folder: work,
    gantry,
    oras: (args, options) =>
      runProgram(["oras", ...args], { cwd: work, env, ...options }),
    async ok(...args) {
      const { code, stderr, stdout } = await gantry(args);
      if (code !== 0) {
        throw new Error(`gantry ${args.join(" ")} failed: ${stdout}${stderr}`);
      }
      return stdout;
    },
    async write(path, content) {
      const full = join(work, path);
      await Deno.mkdir(dirname(full), { recursive: true });
      if (typeof content === "string") await Deno.writeTextFile(full, content);
      else await Deno.writeFile(full, content);
    },
    read: (path) => Deno.readTextFile(join(work, path)),
    exists: (path) =>
      Deno.lstat(join(work, path)).then(() => true, () => false),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
