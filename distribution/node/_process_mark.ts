import { readFile, readlink } from "node:fs/promises";
import process from "node:process";

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
 * Whether the process of a mark has certainly ended. One on another machine, in
 * another container or on another system counts as living.
 */
export async function hasEnded(other: string): Promise<boolean> {
  const own = await processMark();
  const [place, number, born, ...more] = other.split(" ");
  if (own === "" || !number || !born || more.length > 0) return false;
  if (place !== own.split(" ")[0] || !/^\d+$/.test(number)) return false;
  try {
    return await birthOf(number) !== born;
  } catch (error) {
    return (error as { code?: string }).code === "ENOENT";
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

/** When a process began, in ticks of the machine's clock: field 22 of proc(5)'s `stat`. */
async function birthOf(number: string): Promise<string> {
  const text = await readFile(`/proc/${number}/stat`, "utf8");
  // The second field is the program's name in brackets, and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[22 - 3]!;
}
