import { assert, assertEquals } from "@std/assert";
import {
  fixedCredentials,
  RegistryClient,
  trace,
  type TraceEvent,
  type Transport,
} from "@gantry/oci/distribution";

const PASSWORD = "s3cr3t-password";
const TOKEN = "s3cr3t-token";
const KEY = "s3cr3t-key";
const SIGNATURE = "s3cr3t-sig";

/** A registry that wants a token, is busy once, and sends its reader to a storage. */
export function busyRegistry(): (request: Request) => Response {
  let failures = 1;
  return ({ headers, url: href }) => {
    const url = new URL(href);
    if (url.pathname === "/token") {
      return Response.json({ token: TOKEN }, {
        headers: { "x-echo": headers.get("authorization")! },
      });
    }
    if (url.pathname === "/storage") return new Response("0123456789");
    const shown = headers.get("authorization");
    if (shown === null) {
      const realm = `${url.origin}/token?sig=${SIGNATURE}`;
      return new Response(null, {
        status: 401,
        headers: { "www-authenticate": `Bearer realm="${realm}"` },
      });
    }
    if (failures-- > 0) {
      return new Response(null, { status: 503, headers: { "x-echo": shown } });
    }
    return new Response(null, {
      status: 307,
      headers: {
        location: `/storage?sig=${SIGNATURE}`,
        "x-echo": `${headers.get("x-api-key")} ${TOKEN}`,
      },
    });
  };
}

/** Reads from {@linkcode busyRegistry}, and asserts what is told of that. */
export async function assertTraced(
  base: Transport,
  host: string,
): Promise<void> {
  const events: TraceEvent[] = [];
  const client = new RegistryClient(host, {
    transport: trace(base, (event) => void events.push(event), {
      secretHeaders: ["X-Api-Key"],
    }),
    plainHttp: true,
    headers: { "x-api-key": KEY },
    credentials: fixedCredentials({ username: "me", password: PASSWORD }),
    retry: { baseDelay: 1 },
  });
  const response = await client.send({ method: "GET", url: "v2/" });
  assertEquals(await response.text(), "0123456789");

  const seen = events.map((event) => {
    switch (event.type) {
      case "request":
        return `${event.id} ${event.method} ${event.url}`;
      case "response":
        return `${event.id} ${event.status}`;
      default:
        return `${event.id} ${event.type}`;
    }
  });
  assertEquals(seen.filter((line) => !line.endsWith("end")), [
    `0 GET http://${host}/v2/`,
    "0 401",
    `1 GET http://${host}/token?sig=*****`,
    "1 200",
    `2 GET http://${host}/v2/`,
    "2 503",
    `3 GET http://${host}/v2/`,
    "3 307",
    `4 GET http://${host}/storage?sig=*****`,
    "4 200",
  ]);
  const end = events.find(({ id, type }) => id === 4 && type === "end");
  assert(end?.type === "end" && end.received === 10 && end.elapsed >= 0);
  const text = JSON.stringify(events);
  for (
    const secret of [PASSWORD, TOKEN, KEY, SIGNATURE, btoa(`me:${PASSWORD}`)]
  ) {
    assert(!text.includes(secret), `${secret} in ${text}`);
  }
}
