import { memoryStorage } from "@gantry/oci/distribution/server";
import { fuzzHeaders, fuzzManifests, fuzzPaths } from "./_fuzz.ts";

Deno.test("createRegistry() fails at no path", () =>
  fuzzPaths(memoryStorage()));

Deno.test("createRegistry() fails at no header", () =>
  fuzzHeaders(memoryStorage()));

Deno.test("createRegistry() fails at no manifest", () =>
  fuzzManifests(memoryStorage()));
