import { assert } from "@std/assert";
import { found } from "./programs.ts";

/** Extended attributes, values in hexadecimal digits, by names, by paths. */
export type HexXattrs = Readonly<
  Record<string, Readonly<Record<string, string>>>
>;

/** Python's calls are the witness: they share nothing with ours. */
const SCRIPT = `
import json, os, sys
what, given = sys.argv[1], json.load(sys.stdin)
if what == "set":
    for path, xattrs in given.items():
        for name, value in xattrs.items():
            os.setxattr(path, name, bytes.fromhex(value), follow_symlinks=False)
else:
    found = {}
    for path in given:
        names = os.listxattr(path, follow_symlinks=False)
        found[path] = {
            name: os.getxattr(path, name, follow_symlinks=False).hex()
            for name in sorted(names)
            if name != "security.selinux"
        }
    print(json.dumps(found))
`;

async function python(what: string, given: unknown): Promise<string> {
  const process = new Deno.Command("python3", {
    args: ["-c", SCRIPT, what],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(given)));
  await writer.close();
  const { stdout, stderr, success } = await process.output();
  const text = new TextDecoder();
  assert(success, text.decode(stderr));
  return text.decode(stdout);
}

/** Sets attributes; links are not followed. */
export async function setXattrs(xattrs: HexXattrs): Promise<void> {
  await python("set", xattrs);
}

/** The attributes of these paths; links are not followed. */
export async function getXattrs(
  ...paths: readonly string[]
): Promise<HexXattrs> {
  return JSON.parse(await python("get", paths));
}

let works: boolean | undefined;

/**
 * Says whether attributes of users can be set in the directory for temporary files,
 * for `ignore: !xattrsWork()`. Where they cannot, this is told once on stderr.
 */
export function xattrsWork(): boolean {
  return works ??= probe();
}

function probe(): boolean {
  if (Deno.build.os !== "linux" || !found("python3")) return false;
  const path = Deno.makeTempFileSync();
  try {
    const { success } = new Deno.Command("python3", {
      args: [
        "-c",
        "import os, sys; os.setxattr(sys.argv[1], 'user.a', b'')",
        path,
      ],
      stderr: "null",
    }).outputSync();
    if (success) return true;
    // deno-lint-ignore no-console
    console.error(
      "No extended attributes in the directory for temporary files: tests that need them are ignored",
    );
    return false;
  } finally {
    Deno.removeSync(path);
  }
}
