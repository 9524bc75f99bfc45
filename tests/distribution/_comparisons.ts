// deno-lint-ignore-file no-console
/** Prints how many comparisons each attempt to log in takes, as JSON. */
import { htpasswd } from "@gantry/oci/distribution/server";
import { compared } from "./_counting_bcrypt.ts";

const attempts: readonly (readonly [name: string, password: string])[] = [
  ["alice", "guess"],
  ["nobody", "guess"],
  ["nobody", "secret"],
  ["", ""],
  ["__proto__", "secret"],
];
const authenticate = htpasswd(Deno.args[0]!);
const counts: unknown[] = [];
for (const [name, password] of attempts) {
  compared.length = 0;
  const user = await authenticate(name, password);
  counts.push([name, user === undefined, compared.length]);
}
console.log(JSON.stringify(counts));
