/** Checks that every export of the package has its docs. */
import { deno, readProject } from "./_project.ts";

const { exports } = await readProject();
Deno.exitCode = await deno(["doc", "--lint", ...Object.values(exports)]);
