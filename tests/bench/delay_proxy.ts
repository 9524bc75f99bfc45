/** A TCP proxy that makes a server seem far away. */
export interface DelayProxy extends AsyncDisposable {
  /** Where it listens. */
  readonly host: string;
  /** How many HTTP requests have passed since the last time that this was asked. */
  takeRequests(): number;
}

const REQUEST = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE) \S+ HTTP\/1\.1\r\n/;

/**
 * Starts a proxy that holds all bytes back for half of `roundTrip` in each direction,
 * and a new connection for all of it, as a line of that length does.
 */
export function startDelayProxy(
  target: string,
  roundTrip: number,
): DelayProxy {
  const [hostname, port] = target.split(":") as [string, string];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let requests = 0;

  async function serve(client: Deno.Conn): Promise<void> {
    open.add(client);
    let server: Deno.Conn | undefined;
    try {
      await sleep(roundTrip);
      server = await Deno.connect({ hostname, port: Number(port) });
      open.add(server);
      await Promise.all([
        pass(client, server, (text) => {
          if (REQUEST.test(text)) requests++;
        }),
        pass(server, client, () => {}),
      ]);
    } catch {
      // Either side went away: so does the other.
    } finally {
      close(client);
      if (server !== undefined) close(server);
    }
  }

  /** Passes bytes on in their order, each piece as late as the line makes it. */
  async function pass(
    from: Deno.Conn,
    to: Deno.Conn,
    see: (text: string) => void,
  ): Promise<void> {
    const decoder = new TextDecoder("latin1");
    let last: Promise<unknown> = Promise.resolve();
    while (true) {
      const buffer = new Uint8Array(64 * 1024);
      const count = await from.read(buffer);
      const arrival = sleep(roundTrip / 2);
      if (count === null) {
        await last;
        await arrival;
        close(to);
        return;
      }
      const piece = buffer.subarray(0, count);
      see(decoder.decode(piece.subarray(0, 512)));
      const before = last;
      last = (async () => {
        await arrival;
        await before;
        for (let sent = 0; sent < piece.byteLength;) {
          sent += await to.write(piece.subarray(sent));
        }
      })();
      last.catch(() => close(from));
    }
  }

  function close(connection: Deno.Conn): void {
    if (!open.delete(connection)) return;
    connection.close();
  }

  const accepting = (async () => {
    for await (const client of listener) void serve(client);
  })();
  return {
    host: `127.0.0.1:${listener.addr.port}`,
    takeRequests() {
      const taken = requests;
      requests = 0;
      return taken;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting.catch(() => {});
      for (const connection of [...open]) close(connection);
    },
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
