import { CutLine, type Handler } from "./quirk_registry_world.ts";

/**
 * A server on a loopback port whose handler can cut the line, which no HTTP
 * server lets its handler do: a {@linkcode CutLine} that it throws ends the
 * connection with no answer.
 */
export class LineFront {
  /** Where it listens, as `127.0.0.1:port`. */
  readonly host: string;
  readonly #listener: Deno.TcpListener;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** The two ends of each line, by the port from which the server sees it come. */
  readonly #lines = new Map<number, readonly Deno.TcpConn[]>();
  readonly #work = new Set<Promise<void>>();

  /** Starts listening. */
  constructor(handler: Handler) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request, info) => {
        try {
          return await handler(request);
        } catch (error) {
          if (!(error instanceof CutLine)) throw error;
          this.#end((info.remoteAddr as Deno.NetAddr).port);
          return new Response(null, { status: 500 });
        }
      },
    );
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.host = `127.0.0.1:${this.#listener.addr.port}`;
    this.#track(this.#accept());
  }

  /** Ends all lines and the server. */
  async close(): Promise<void> {
    this.#listener.close();
    for (const port of this.#lines.keys()) this.#end(port);
    await this.#server.shutdown();
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const { hostname, port } = this.#server.addr;
        const server = await Deno.connect({ hostname, port });
        const name = (server.localAddr as Deno.NetAddr).port;
        this.#lines.set(name, [client, server]);
        const both = Promise.all([
          carry(client, server),
          carry(server, client),
        ]);
        this.#track(both.then(() => this.#end(name)));
      }
    } catch {
      // The listener was closed.
    }
  }

  #end(name: number): void {
    const line = this.#lines.get(name);
    this.#lines.delete(name);
    for (const end of line ?? []) end.close();
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }
}

/** Carries bytes one way until the line ends, and passes its end on. */
async function carry(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const block = new Uint8Array(64 * 1024);
  try {
    for (;;) {
      const count = await from.read(block);
      if (count === null) break;
      for (let sent = 0; sent < count;) {
        sent += await to.write(block.subarray(sent, count));
      }
    }
    await to.closeWrite();
  } catch {
    // One of the ends is gone.
  }
}
