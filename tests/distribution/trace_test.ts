import { assertEquals, assertRejects } from "@std/assert";
import { fromHandler, trace, type TraceEvent } from "@gantry/oci/distribution";
import { assertTraced, busyRegistry } from "./_traced.ts";

Deno.test("trace() tells of every request, and of no secret", async () => {
  await assertTraced(fromHandler(busyRegistry()), "registry.example");
});

Deno.test("trace() tells why there was no answer, and passes the error on", async () => {
  const events: TraceEvent[] = [];
  let now = 0;
  const transport = trace(
    () => Promise.reject(new Error("it said Bearer s3cr3t-token")),
    (event) => void events.push(event),
    { clock: () => now += 5 },
  );
  await assertRejects(
    () =>
      transport({
        method: "PUT",
        url: new URL("https://registry.example/v2/"),
        headers: new Headers({ authorization: "Bearer s3cr3t-token" }),
        body: new Uint8Array(3),
      }),
    Error,
    "s3cr3t-token",
  );
  assertEquals(events, [{
    type: "request",
    id: 0,
    method: "PUT",
    url: "https://registry.example/v2/",
    headers: [["authorization", "*****"]],
    size: 3,
  }, {
    type: "failure",
    id: 0,
    reason: "it said *****",
    elapsed: 5,
  }]);
});
