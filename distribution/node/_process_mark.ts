import { readFile, readlink } from "node:fs/promises";
import process from "node:process";
import { errorCode } from "../../digest/_error_code.ts";

let mark: Promise<string> | undefined;

/**
 * A text that names this process among all that ever ran, where the system can
 * tell: machine and its start, process namespace, number, and time of birth. Empty
 * elsewhere: then nobody can tell whether the process still lives.
 */
export function processMark(): Promise<string> {
  return mark ??= readMark();
}

/**
 * Whether the process of a mark still lives, where that is certain. It is unknown of
 * one on another machine, in another container or on another system.
 */
export async function processState(
  other: string,
): Promise<"alive" | "ended" | "unknown"> {
  const own = await processMark();
  const [place, number, born, ...more] = other.split(" ");
  if (own === "" || !number || !born || more.length > 0) return "unknown";
  if (place !== own.split(" ")[0] || !/^\d+$/.test(number)) return "unknown";
  try {
    return await birthOf(number) === born ? "alive" : "ended";
  } catch (error) {
    const code = errorCode(error);
    return code === "ENOENT" || code === "ESRCH" ? "ended" : "unknown";
  }
}

async function readMark(): Promise<string> {
  // Nobody is asked on the terminal for leave to look there.
  const isOpen = !("Deno" in globalThis) ||
    Deno.permissions.querySync({ name: "read", path: "/proc" }).state ===
      "granted";
  if (!isOpen) return "";
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const space = await readlink("/proc/self/ns/pid");
    const number = String(process.pid);
    return `${boot.trim()}/${space} ${number} ${await birthOf(number)}`;
  } catch {
    // No Linux, or no permission to look there.
    return "";
  }
}

/** When a process began, in ticks of the machine's clock: field 22 of proc(5)'s `stat`. Empty for a dead one. */
async function birthOf(number: string): Promise<string> {
  const text = await readFile(`/proc/${number}/stat`, "utf8");
  // The second field is the program's name in brackets, and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // One that was killed may stay listed until its parent has asked how it ended.
  const isDead = fields[0] === "Z" || fields[0] === "X";
  return isDead ? "" : fields[22 - 3]!;
}
