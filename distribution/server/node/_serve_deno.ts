import type { Listen } from "./serve.ts";

/** Serves with `Deno.serve`. */
export const serveWithDeno: Listen = (handler, { hostname, port, tls }) => {
  const server = Deno.serve(
    { hostname, port, ...tls, onListen: () => {} },
    (request) => handler.fetch(request),
  );
  return Promise.resolve({
    port: server.addr.port,
    finished: server.finished,
    shutdown: () => server.shutdown(),
  });
};
