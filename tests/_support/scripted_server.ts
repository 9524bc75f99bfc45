/** How a {@linkcode ScriptedServer} listens. */
export interface ScriptedServerOptions {
  /** The server's certificate and key, PEM: it then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The loopback address to listen on; 127.0.0.1 by default. */
  readonly hostname?: string;
}

/** What happens on one connection; `index` counts the connections from 0. */
export type ConnectionScript = (
  connection: ScriptedConnection,
  index: number,
) => Promise<void>;

/**
 * A server on a free loopback port that does on each connection just what its
 * script says, byte by byte: for what no decent HTTP server would do.
 *
 * `await using` ends it, and throws what went wrong in a script.
 */
export class ScriptedServer implements AsyncDisposable {
  /** Every request head that arrived, without its empty line. */
  readonly heads: string[] = [];
  /** The number of connections so far. */
  connections = 0;
  /** The port that it listens on. */
  readonly port: number;
  readonly #listener: Deno.Listener;
  readonly #script: ConnectionScript;
  readonly #scheme: string;
  readonly #open = new Set<ScriptedConnection>();
  readonly #work: Promise<void>[] = [];
  readonly #errors: unknown[] = [];

  /** Starts listening. */
  constructor(script: ConnectionScript, options: ScriptedServerOptions = {}) {
    const { hostname = "127.0.0.1" } = options;
    const address = { hostname, port: 0 };
    this.#listener = options.tls === undefined
      ? Deno.listen(address)
      : Deno.listenTls({ ...address, ...options.tls });
    this.#scheme = options.tls === undefined ? "http" : "https";
    this.#script = script;
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#work.push(this.#accept());
  }

  /** The URL of a path on this server, under a name or address of loopback. */
  url(path = "/v2/", host = "127.0.0.1"): URL {
    return new URL(path, `${this.#scheme}://${host}:${this.port}`);
  }

  /** Ends all connections and waits for the scripts. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) connection.close();
    await Promise.all(this.#work);
    if (this.#errors.length > 0) throw this.#errors[0];
  }

  async #accept(): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.#work.push(this.#serve(conn, this.connections++));
      }
    } catch (error) {
      // A failed TLS handshake must not end the server.
      if (!isNetworkError(error)) this.#errors.push(error);
    }
  }

  async #serve(conn: Deno.Conn, index: number): Promise<void> {
    const connection = new ScriptedConnection(conn, this.heads);
    this.#open.add(connection);
    try {
      await this.#script(connection, index);
    } catch (error) {
      if (!isNetworkError(error)) this.#errors.push(error);
    } finally {
      this.#open.delete(connection);
      connection.close();
    }
  }
}

/** One connection, as a script sees it. */
export class ScriptedConnection {
  /** The bytes written so far, as far as the system took them. */
  written = 0;
  /** The bytes that arrived so far. */
  received = 0;
  readonly #conn: Deno.Conn;
  readonly #heads: string[];
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array();
  #closed = false;

  /** Made by the server. */
  constructor(conn: Deno.Conn, heads: string[]) {
    this.#conn = conn;
    this.#heads = heads;
  }

  /** Reads a request's head, in lower case but for its values; undefined at the end of the connection. */
  async readHead(): Promise<string | undefined> {
    while (true) {
      const text = new TextDecoder("latin1").decode(this.#buffer);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        const head = text.slice(0, end)
          .replace(/^[^:\r\n]+:/gm, (name) => name.toLowerCase());
        this.#buffer = this.#buffer.slice(end + 4);
        this.#heads.push(head);
        return head;
      }
      if (!await this.#fill()) return undefined;
    }
  }

  /** Reads exactly so many bytes, or fewer at the end of the connection. */
  async read(size: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#buffer.byteLength < size && await this.#fill());
    const bytes = this.#buffer.slice(0, size);
    this.#buffer = this.#buffer.slice(size);
    return bytes;
  }

  /** Reads and forgets so many bytes; gives how many there were before the end of the connection. */
  async skip(size: number): Promise<number> {
    let seen = this.#buffer.byteLength;
    this.#buffer = new Uint8Array();
    const block = new Uint8Array(256 * 1024);
    while (seen < size) {
      const count = await this.#conn.read(block);
      if (count === null) break;
      seen += count;
      this.received += count;
    }
    return seen;
  }

  /** Whether nothing more arrives: waits for the end of the connection. */
  async ended(): Promise<boolean> {
    return this.#buffer.byteLength === 0 && !await this.#fill();
  }

  /** Writes text (line ends as given) or bytes. */
  async write(content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    let offset = 0;
    while (offset < bytes.byteLength) {
      const count = await this.#conn.write(bytes.subarray(offset));
      offset += count;
      this.written += count;
    }
  }

  /** Writes a whole response with its length. */
  async respond(
    status: string,
    headers: Record<string, string> = {},
    body = "",
  ): Promise<void> {
    const lines = Object.entries({
      "content-length": String(new TextEncoder().encode(body).byteLength),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    await this.write(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n${body}`);
  }

  /** Ends the connection. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }

  async #fill(): Promise<boolean> {
    const block = new Uint8Array(64 * 1024);
    const count = await this.#conn.read(block);
    if (count === null) return false;
    this.received += count;
    const joined = new Uint8Array(this.#buffer.byteLength + count);
    joined.set(this.#buffer);
    joined.set(block.subarray(0, count), this.#buffer.byteLength);
    this.#buffer = joined;
    return true;
  }
}

/** What ends a connection from the other side, or by our own close. */
function isNetworkError(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.InvalidData;
}
