import * as https from "node:https";
import * as net from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import { basicAuthorization } from "../auth/basic.ts";
import { proxyCredential } from "./_proxy_credential.ts";

/** The most that a proxy may say before the tunnel begins. */
const MAX_HEAD = 64 * 1024;

/** The `Proxy-Authorization` for a proxy, whose URL holds the credential; undefined where it holds none. */
export function proxyAuthorization(proxy: URL): string | undefined {
  const credential = proxyCredential(proxy);
  return credential && basicAuthorization(credential);
}

/** An agent whose connections lead through a proxy's tunnel (RFC 9110 §9.3.6). */
export class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #toProxy: tls.ConnectionOptions;

  /** `toProxy` is how TLS with the proxy itself is made, if it speaks it. */
  constructor(
    proxy: URL,
    options: https.AgentOptions,
    toProxy: tls.ConnectionOptions,
  ) {
    super(options);
    this.#proxy = proxy;
    this.#toProxy = toProxy;
  }

  /** Connects, asks for the tunnel, and speaks TLS in it. */
  override createConnection(
    options: tls.ConnectionOptions & net.TcpNetConnectOpts,
  ): Duplex {
    const { host, port } = options;
    const name = net.isIPv6(host!) ? `[${host}]` : host;
    const socket = this.#connect();
    const tunnel = new TunnelStream(
      socket,
      `${name}:${port}`,
      proxyAuthorization(this.#proxy),
      this.#proxy.protocol === "https:" ? "secureConnect" : "connect",
    );
    const secure = tls.connect({ ...options, socket: tunnel });
    // The agent lets a process end in spite of an idle connection.
    return Object.assign(secure, {
      ref: () => (socket.ref(), secure),
      unref: () => (socket.unref(), secure),
    });
  }

  #connect(): net.Socket {
    const { hostname, port, protocol } = this.#proxy;
    const host = hostname.replace(/^\[|\]$/g, "");
    return protocol === "https:"
      ? tls.connect({
        ...this.#toProxy,
        host,
        port: Number(port) || 443,
        ...(net.isIP(host) === 0 && { servername: host }),
      })
      : net.connect({ host, port: Number(port) || 80 });
  }
}

/** What goes through a tunnel, once the proxy has opened it. */
class TunnelStream extends Duplex {
  readonly #socket: net.Socket;
  readonly #opened: Promise<void>;

  constructor(
    socket: net.Socket,
    authority: string,
    authorization: string | undefined,
    connected: string,
  ) {
    super();
    this.#socket = socket;
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
    socket.on("end", () => this.push(null));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#opened = promise;
    socket.once(connected, () => {
      socket.write(
        `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${
          authorization === undefined
            ? ""
            : `proxy-authorization: ${authorization}\r\n`
        }\r\n`,
      );
    });
    let head: Uint8Array<ArrayBufferLike> = new Uint8Array();
    const onHead = (chunk: Uint8Array) => {
      const joined = new Uint8Array(head.byteLength + chunk.byteLength);
      joined.set(head);
      joined.set(chunk, head.byteLength);
      head = joined;
      const text = new TextDecoder("latin1").decode(head);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) {
        if (head.byteLength > MAX_HEAD) this.#refuse("a head without an end");
        return;
      }
      const [, status] = /^HTTP\/1\.[01] (\d{3})\b/.exec(text) ?? [];
      if (status === undefined) return this.#refuse("something else than HTTP");
      // A head such as 100 stands before the answer itself.
      if (status.startsWith("1")) {
        head = head.slice(end + 4);
        return onHead(new Uint8Array());
      }
      if (!status.startsWith("2")) return this.#refuse(status);
      socket.off("data", onHead);
      socket.on("data", (chunk) => {
        if (!this.push(chunk)) socket.pause();
      });
      const rest = head.slice(end + 4);
      if (rest.byteLength > 0) this.push(rest);
      resolve();
    };
    socket.on("data", onHead);
  }

  #refuse(seen: string): void {
    this.destroy(
      Object.assign(new Error(`the proxy answered ${seen}`), {
        code: "PROXY_REFUSED",
      }),
    );
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    this.#opened.then(() => this.#socket.write(chunk, done));
  }

  override _final(done: () => void): void {
    this.#opened.then(() => this.#socket.end(done));
  }

  override _destroy(
    error: Error | null,
    done: (error: Error | null) => void,
  ): void {
    this.#socket.destroy();
    done(error);
  }
}
