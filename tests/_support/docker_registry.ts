import { join } from "node:path";

/** How {@linkcode startDockerRegistry} runs it. */
export interface DockerRegistryOptions {
  /** The only user that is let in; everybody is where not given. */
  readonly user?: { readonly username: string; readonly password: string };
  /** The server's certificate and key, PEM: it then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Whether it takes Docker's schema 1; not where not given. */
  readonly schema1?: boolean;
  /** Whether manifests and blobs can be deleted; they can where not given. */
  readonly delete?: boolean;
}

/** A docker-registry in a process and a folder of its own, both gone when disposed of. */
export interface DockerRegistry extends AsyncDisposable {
  /** Where it listens, as `127.0.0.1:port`. */
  readonly host: string;
}

/** How long it may take to start, in milliseconds. */
const PATIENCE = 20_000;

/** Starts docker-registry on a free loopback port, and waits until it accepts connections. */
export async function startDockerRegistry(
  options: DockerRegistryOptions = {},
): Promise<DockerRegistry> {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const config = join(folder, "config.json");
  // YAML takes JSON as it is.
  await Deno.writeTextFile(
    config,
    JSON.stringify({
      version: "0.1",
      log: { level: "error", accesslog: { disabled: true } },
      storage: {
        delete: { enabled: options.delete ?? true },
        filesystem: { rootdirectory: join(folder, "data") },
      },
      http: {
        addr: `127.0.0.1:${port}`,
        ...options.tls && { tls: await writeTls(folder, options.tls) },
      },
      ...options.schema1 && { compatibility: { schema1: { enabled: true } } },
      ...options.user && {
        auth: {
          htpasswd: {
            realm: "test",
            path: await writeUser(folder, options.user),
          },
        },
      },
    }),
  );
  const child = new Deno.Command("docker-registry", {
    args: ["serve", config],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stop = async (): Promise<void> => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await child.status;
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await untilListening(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: `127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
}

async function writeTls(
  folder: string,
  tls: { readonly cert: string; readonly key: string },
): Promise<{ certificate: string; key: string }> {
  const certificate = join(folder, "server.crt");
  const key = join(folder, "server.key");
  await Deno.writeTextFile(certificate, tls.cert);
  await Deno.writeTextFile(key, tls.key);
  return { certificate, key };
}

/** docker-registry reads bcrypt only. */
async function writeUser(
  folder: string,
  user: { readonly username: string; readonly password: string },
): Promise<string> {
  const { hash } = await import("bcryptjs");
  const path = join(folder, "htpasswd");
  const line = `${user.username}:${await hash(user.password, 4)}\n`;
  await Deno.writeTextFile(path, line);
  return path;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function untilListening(port: number): Promise<void> {
  for (const deadline = Date.now() + PATIENCE;;) {
    try {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      connection.close();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
