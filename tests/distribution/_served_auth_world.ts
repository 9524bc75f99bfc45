import { type AuthScript, AuthWorld } from "./_auth_world.ts";

/** An {@linkcode AuthWorld} on two loopback ports. */
export class ServedAuthWorld extends AuthWorld implements AsyncDisposable {
  readonly #servers: readonly Deno.HttpServer<Deno.NetAddr>[];

  constructor(script: AuthScript = {}) {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    const serve = () => Deno.serve(options, (request) => this.fetch(request));
    const registry = serve();
    const tokens = serve();
    super(script, { registry: hostOf(registry), tokens: hostOf(tokens) });
    this.#servers = [registry, tokens];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.shutdown();
  }
}

function hostOf({ addr }: Deno.HttpServer<Deno.NetAddr>): string {
  return `127.0.0.1:${addr.port}`;
}
