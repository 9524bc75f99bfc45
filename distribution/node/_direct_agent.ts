import * as https from "node:https";
import type * as net from "node:net";
import type { Duplex } from "node:stream";
import * as tls from "node:tls";

/**
 * An agent for Deno, whose own looks for the system's authorities at each connection,
 * although it is told which to trust: and that must be allowed.
 */
export class DirectAgent extends https.Agent {
  /** Connects with what the agent was told, and nothing else. */
  override createConnection(
    options: tls.ConnectionOptions & net.TcpNetConnectOpts,
  ): Duplex {
    // The path of the request is no path of a socket.
    const { path: _path, ...rest } = options as typeof options & {
      path?: unknown;
    };
    return tls.connect(rest);
  }
}
