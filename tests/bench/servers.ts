import { fileURLToPath } from "node:url";
import { remove } from "./disk.ts";

/** A certificate authority of our own and a server's certificate by it. */
export interface Certificates {
  /** The authority's certificate. */
  readonly ca: string;
  /** The server's certificate. */
  readonly certificate: string;
  /** The server's key. */
  readonly key: string;
  /** The folder of all three, which skopeo takes. */
  readonly folder: string;
}

/** A registry in a process of its own. */
export interface Server extends AsyncDisposable {
  /** Where it listens. */
  readonly host: string;
  /** Deletes all content. */
  clear(): Promise<void>;
}

/** Makes certificates for 127.0.0.1 and localhost with openssl. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  await Deno.mkdir(folder, { recursive: true });
  const openssl = async (...args: string[]): Promise<void> => {
    const { success, stderr } = await new Deno.Command("openssl", {
      args,
      cwd: folder,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    ...["req", "-x509", ...ec, "-days", "2", "-subj", "/CN=bench-ca"],
    ...["-keyout", "ca-private.pem", "-out", "ca.crt"],
  );
  await openssl(
    ...["req", ...ec, "-subj", "/CN=localhost"],
    ...["-keyout", "server-private.pem", "-out", "server.csr"],
  );
  await Deno.writeTextFile(
    `${folder}/server.ext`,
    "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n",
  );
  await openssl(
    ...["x509", "-req", "-in", "server.csr", "-days", "2"],
    ...["-CA", "ca.crt", "-CAkey", "ca-private.pem", "-CAcreateserial"],
    ...["-extfile", "server.ext", "-out", "server.pem"],
  );
  return {
    ca: `${folder}/ca.crt`,
    certificate: `${folder}/server.pem`,
    key: `${folder}/server-private.pem`,
    folder,
  };
}

/** Starts Debian's docker-registry over a folder. */
export async function startDockerRegistry(
  root: string,
  certificates?: Certificates,
): Promise<Server> {
  const port = freePort();
  const tls = certificates === undefined ? "" : `
  tls:
    certificate: ${certificates.certificate}
    key: ${certificates.key}`;
  await Deno.mkdir(root, { recursive: true });
  await Deno.writeTextFile(
    `${root}/config.yml`,
    `version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  delete:
    enabled: true
  filesystem:
    rootdirectory: ${root}
http:
  addr: 127.0.0.1:${port}${tls}
`,
  );
  const child = new Deno.Command("docker-registry", {
    args: ["serve", `${root}/config.yml`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await untilListening(port);
  return {
    host: `127.0.0.1:${port}`,
    clear: () => remove(`${root}/docker`),
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** Starts `gantry serve` over a folder, anew each time that it is cleared. */
export async function startGantryRegistry(root: string): Promise<Server> {
  const port = freePort();
  const start = async (): Promise<Deno.ChildProcess> => {
    await Deno.mkdir(root, { recursive: true });
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "-A",
        fileURLToPath(new URL("../../cli.ts", import.meta.url)),
        "serve",
        `--listen=127.0.0.1:${port}`,
        `--root=${root}`,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    await untilListening(port);
    return child;
  };
  let child = await start();
  return {
    host: `127.0.0.1:${port}`,
    async clear() {
      await end(child);
      await remove(root);
      child = await start();
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function untilListening(port: number): Promise<void> {
  for (const deadline = Date.now() + 20_000;;) {
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

async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended already.
  }
  await child.status;
}
