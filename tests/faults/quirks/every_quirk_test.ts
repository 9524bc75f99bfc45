import { assert, assertEquals } from "@std/assert";
import {
  openQuirkRegistry,
  type QuirkRegistryOptions,
  QUIRKS,
} from "../../_support/quirk_registry.ts";
import { roundTrip, type RoundTripOptions } from "./_round_trip.ts";

/** Quirks that a round trip as it stands cannot pass: their own tests say what happens. */
const REFUSALS: ReadonlySet<string> = new Set([
  "tokens-identity",
  "listed-types",
  "rate-limit-day",
]);

/** What a round trip does otherwise where a quirk wants it. */
const OTHERWISE: Readonly<Record<string, RoundTripOptions>> = {
  "html-lists": { lists: false },
};

/** Quirks that exist on one way only. */
const ONLY: Readonly<Record<string, QuirkRegistryOptions["over"]>> = {
  // There is no TLS to lose.
  "http-locations": "http",
};

for (const [name, { traps, what }] of Object.entries(QUIRKS)) {
  if (REFUSALS.has(name)) continue;
  for (const over of ["handler", "http"] as const) {
    if ((ONLY[name] ?? over) !== over) continue;
    const way = over === "http" ? "over HTTP" : "in process";
    Deno.test(`${traps.join(" ")} ${name}: ${what}; a round trip goes through (${way})`, async () => {
      await using registry = openQuirkRegistry([name], { over });
      using client = registry.client();
      await roundTrip(client, OTHERWISE[name]);
      assertEquals(registry.complaints, []);
    });
  }
}

Deno.test("every trap that a server can show has a quirk", () => {
  const traps = new Set(Object.values(QUIRKS).flatMap(({ traps }) => traps));
  // T19 is one of servers, see the tests of hostile paths.
  for (let trap = 1; trap <= 18; trap++) {
    assert(traps.has(`T${trap}`), `T${trap}`);
  }
});
