/** How a {@linkcode ProxyServer} behaves. */
export interface ProxyServerOptions {
  /** The `Proxy-Authorization` that it wants. */
  readonly authorization?: string;
  /** The certificate and key by which it speaks TLS itself, PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/**
 * A forward proxy on a free loopback port: tunnels for `CONNECT`, and requests in
 * absolute form. All names lead to this machine, so that a test can make up hosts.
 */
export class ProxyServer implements AsyncDisposable {
  /** The first line of every request that it saw. */
  readonly lines: string[] = [];
  /** Its `host:port`. */
  readonly host: string;
  readonly #listener: Deno.Listener;
  readonly #options: ProxyServerOptions;
  readonly #open = new Set<Deno.Conn>();
  readonly #work: Promise<void>[] = [];

  /** Starts listening. */
  constructor(options: ProxyServerOptions = {}) {
    const address = { hostname: "127.0.0.1", port: 0 };
    this.#listener = options.tls === undefined
      ? Deno.listen(address)
      : Deno.listenTls({ ...address, ...options.tls });
    this.#options = options;
    this.host = `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
    this.#work.push(this.#accept());
  }

  /** Ends all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) close(conn);
    await Promise.allSettled(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.#open.add(conn);
        this.#work.push(
          this.#serve(conn).catch(() => {}).finally(() => close(conn)),
        );
      }
    } catch {
      // The listener was closed, or a TLS handshake failed.
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const { head, rest } = await readHead(conn);
    if (head === "") return;
    const [line = ""] = head.split("\r\n");
    this.lines.push(line);
    const [method, target = ""] = line.split(" ");
    const shown = /^proxy-authorization: *(.*)$/mi.exec(head)?.[1];
    const { authorization } = this.#options;
    if (authorization !== undefined && shown?.trim() !== authorization) {
      await write(
        conn,
        "HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n" +
          `x-seen: ${shown}\r\nconnection: close\r\n\r\n`,
      );
      return;
    }
    const isTunnel = method === "CONNECT";
    const url = new URL(isTunnel ? `http://${target}` : target);
    const port = Number(url.port) || 80;
    const far = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#open.add(far);
    if (isTunnel) {
      await write(conn, "HTTP/1.1 200 Connection established\r\n\r\n");
    } else {
      // One request for each connection is enough here.
      const kept = head.split("\r\n").slice(1)
        .filter((one) => !/^(proxy-|connection:)/i.test(one));
      await write(
        far,
        [
          `${method} ${url.pathname}${url.search} HTTP/1.1`,
          ...kept,
          "connection: close",
        ].join("\r\n") + "\r\n\r\n",
      );
    }
    await far.write(rest);
    await Promise.allSettled([copy(conn, far), copy(far, conn)]);
    close(far);
  }
}

async function readHead(
  conn: Deno.Conn,
): Promise<{ head: string; rest: Uint8Array }> {
  let bytes = new Uint8Array();
  const block = new Uint8Array(64 * 1024);
  while (true) {
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) {
      return { head: text.slice(0, end), rest: bytes.slice(end + 4) };
    }
    const count = await conn.read(block);
    if (count === null) return { head: "", rest: bytes };
    const joined = new Uint8Array(bytes.byteLength + count);
    joined.set(bytes);
    joined.set(block.subarray(0, count), bytes.byteLength);
    bytes = joined;
  }
}

async function write(conn: Deno.Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.byteLength;) {
    at += await conn.write(bytes.subarray(at));
  }
}

async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  try {
    const block = new Uint8Array(64 * 1024);
    for (let count; (count = await from.read(block)) !== null;) {
      for (let at = 0; at < count;) {
        at += await to.write(block.subarray(at, count));
      }
    }
    await to.closeWrite();
  } catch {
    close(from);
    close(to);
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Closed before.
  }
}
