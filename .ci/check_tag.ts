// deno-lint-ignore-file no-console
/** Checks that a git tag, the first argument, is the version in `deno.json`. */
import { readProject } from "./_project.ts";

const [tag] = Deno.args;
const { version } = await readProject();
if (tag === `v${version}`) {
  console.log(`${tag} is the version in deno.json`);
} else {
  console.error(`Error: tag ${tag} is not v${version}, as deno.json has it`);
  Deno.exitCode = 1;
}
