import type { Listen } from "./serve.ts";

/**
 * Serves with `Deno.serve`.
 *
 * Its own `shutdown` cuts the bodies of requests that are still being read (seen
 * with Deno 2.9), so the running requests are waited for here; those that come
 * meanwhile are asked to come back.
 */
export const serveWithDeno: Listen = (handler, { hostname, port, tls }) => {
  const running = new Set<Promise<void>>();
  let stopping: Promise<void> | undefined;

  const server = Deno.serve(
    { hostname, port, ...tls, onListen: () => {} },
    (request, info) => {
      if (stopping !== undefined) return unavailable();
      // It rejects where the client went away: completed too, as far as this goes.
      const done = info.completed.catch(() => {}).finally(() => {
        running.delete(done);
      });
      running.add(done);
      return handler.fetch(request, info);
    },
  );

  async function stop(): Promise<void> {
    while (running.size > 0) await Promise.all(running);
    await server.shutdown();
  }
  return Promise.resolve({
    port: server.addr.port,
    finished: server.finished,
    shutdown: () => stopping ??= stop(),
  });
};

function unavailable(): Response {
  return new Response(null, {
    status: 503,
    headers: { connection: "close", "retry-after": "1" },
  });
}
