// deno-lint-ignore-file no-console
// Counts in a file under a lock until it is stopped or killed: a process of its own, for tests of locks.
import { withFileLock } from "../../distribution/node/_file_lock.ts";
import {
  processMark,
  processState,
} from "../../distribution/node/_process_mark.ts";

const [folder = "", name = "", rounds = "0"] = Deno.args;
const counter = `${folder}/counter`;
const inside = `${folder}/inside`;
const busy = () => new Error("Cannot count: the lock is held");
for (let round = 0; round < Number(rounds); round++) {
  await withFileLock(`${folder}/lock`, async (assertHeld) => {
    // Two who are in here at once would show: the second finds the first one's sign.
    const sign = await Deno.readTextFile(inside).catch(() => "");
    if (await processState(sign) === "alive") throw new Error("Two at once");
    await Deno.writeTextFile(inside, await processMark());
    const count = Number(await Deno.readTextFile(counter)) + 1;
    await assertHeld();
    const next = `${counter}.${name}`;
    await Deno.writeTextFile(next, String(count));
    await Deno.rename(next, counter);
    await Deno.remove(inside);
  }, { patience: 20_000, busy });
  console.log(round);
}
