import { memoryStorage } from "../../distribution/server/memory_storage.ts";
import { directoryStorage } from "../../distribution/server/node/directory_storage.ts";
import {
  type RunningServer,
  serve,
} from "../../distribution/server/node/serve.ts";
import { createRegistry } from "../../distribution/server/registry.ts";
import { type Webhook, webhook } from "../../distribution/server/webhook.ts";
import { pathFailure } from "../node/_path_failure.ts";
import type { Invocation } from "./_command.ts";
import { parseDuration } from "./_duration.ts";
import { CommandError, UsageError } from "./_errors.ts";
import { refuseTogether, requireTogether } from "./_exclusive.ts";
import { readTextFile } from "./_file.ts";
import type { FlagValues } from "./_flag.ts";
import { readFormat } from "./_format.ts";
import { readAccess } from "./_serve_access.ts";
import { readRules } from "./_serve_options.ts";
import { serverLog, tell } from "./_server_log.ts";

/** Runs a registry until it is interrupted. */
export async function run(invocation: Invocation): Promise<void> {
  const { console, flags, signal } = invocation;
  const format = await readFormat(flags);
  refuseTogether(flags, "root", "memory");
  requireTogether(flags, "tls-cert", "tls-key");
  const { hostname, port } = readAddress(flags.text("listen"));
  const root = flags.text("root");
  const tls = await readTls(flags);
  const access = await readAccess(flags);
  if (root !== "") await makeRoot(root, flags.bool("read-only"));
  const log = serverLog(console, flags.text("access-log"));
  await using hook = openHook(flags, (line) => tell(console, line));
  await using registry = createRegistry({
    ...readRules(flags),
    ...access,
    storage: root === "" ? memoryStorage() : directoryStorage(root),
    onEvent(event) {
      log(event);
      hook?.onEvent(event);
    },
  });
  const server = await listen(
    () => serve(registry, { hostname, port, ...(tls && { tls }) }),
    flags,
  );
  format.print(console, { url: server.url });
  if (format.isText) console.out(`Listening on ${server.url}`);
  await aborted(signal);
  await stop(server, parseDuration(flags.text("grace"))!);
}

function openHook(
  flags: FlagValues,
  print: (line: string) => void,
): Webhook | undefined {
  if (!flags.given("webhook")) return undefined;
  return webhook(flags.text("webhook"), {
    onError: ({ message }) => print(message),
  });
}

/** Makes the root, or finds out before anybody is served that it is of no use. */
async function makeRoot(root: string, readOnly: boolean): Promise<void> {
  try {
    if (!readOnly) await makeFolder(root);
    for await (const _ of Deno.readDir(root)) break;
    if (readOnly) return;
    const probe = await Deno.makeTempFile({ dir: root, prefix: "_probe-" });
    await Deno.remove(probe);
  } catch (cause) {
    throw pathFailure("serve", root, cause);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    // A file, which is told when it is read as a folder.
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Reads `host:port`, `[ipv6]:port`, or `:port` for all addresses. */
function readAddress(text: string): { hostname: string; port: number } {
  const found = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(text);
  const port = Number(found?.[2]);
  if (found === null || port > 65535) {
    throw new UsageError(
      `invalid address ${JSON.stringify(text)}: expecting host:port`,
    );
  }
  const hostname = found[1]!.replace(/^\[|\]$/g, "");
  return { hostname: hostname === "" ? "0.0.0.0" : hostname, port };
}

async function readTls(
  flags: FlagValues,
): Promise<{ cert: string; key: string } | undefined> {
  if (!flags.given("tls-cert")) return undefined;
  return {
    cert: await readTextFile(flags.text("tls-cert")),
    key: await readTextFile(flags.text("tls-key")),
  };
}

async function listen(
  start: () => Promise<RunningServer>,
  flags: FlagValues,
): Promise<RunningServer> {
  try {
    return await start();
  } catch (cause) {
    const reason = cause instanceof Deno.errors.AddrInUse
      ? "the address is in use"
      : reasonOf(cause);
    throw new CommandError(
      `cannot listen on ${flags.text("listen")}: ${reason}`,
      { cause },
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Running requests may finish, but nobody waits for long. */
async function stop(server: RunningServer, grace: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, grace, "late");
  });
  const ended = await Promise.race([server.shutdown(), patience]);
  clearTimeout(timer);
  // A client that sends nothing more would keep the process alive for ever.
  if (ended === "late") Deno.exit(0);
}
