/**
 * The program `gantry`.
 *
 * Run it as `deno run -A jsr:@gantry/oci/cli`, or install it with
 * `deno install -g -A -n gantry jsr:@gantry/oci/cli`.
 *
 * @module
 */
import { main } from "./oras/commands/main.ts";

if (import.meta.main) Deno.exitCode = await main(Deno.args);
