/** A server in Node, to which a client sends the head of a request bit by bit, without end. */
import { createRegistry } from "@gantry/oci/distribution/server";
import { serve } from "@gantry/oci/distribution/server/node";
import { connect } from "node:net";
import process from "node:process";

const server = await serve(createRegistry(), { headTimeout: 200 });
const socket = connect(server.port, "127.0.0.1");
socket.on("error", () => {});
socket.write("GET /v2/ HTTP/1.1\r\n");
const drip = setInterval(() => socket.write("x: y\r\n"), 20);
let answer = "";
socket.on("data", (bytes) => answer += bytes);
await new Promise((resolve) => socket.once("close", resolve));
clearInterval(drip);
// Others are served all the same.
const { status } = await fetch(`${server.url}/v2/`);
await server.shutdown();
process.stdout.write(`${answer.split("\r\n")[0]}, ${status}\n`);
