import { parseRegistryName } from "../../distribution/reference.ts";
import { RegistryClient } from "../../distribution/registry_client.ts";
import type { Invocation } from "./_command.ts";
import { UsageError } from "./_errors.ts";
import { readFormat } from "./_format.ts";
import { printable } from "./_printable.ts";
import { remoteOptions } from "./_remote.ts";

/** Lists the repositories of a registry, or those below a namespace. */
export async function run(invocation: Invocation): Promise<void> {
  const { args: [target = ""], console, flags } = invocation;
  const format = await readFormat(flags);
  // A scheme is no part of either; it stays with the host, to be refused there.
  const [, host, path] = /^((?:[^/:]+:\/\/)?[^/]*)\/?(.*)$/s.exec(target)!;
  const registry = parseRegistryName(host!);
  if (/[:@]/.test(path!)) {
    throw new UsageError(
      `${JSON.stringify(target)}: neither a tag nor a digest can be given`,
      { hint: 'To list tags, use "gantry repo tags"' },
    );
  }
  const namespace = path!.replace(/\/*$/, "/").replace(/^\/$/, "");
  const client = new RegistryClient(
    registry,
    await remoteOptions(invocation, registry),
  );
  const repositories: string[] = [];
  const names = client.catalog({
    last: flags.text("last") || namespace.slice(0, -1) || undefined,
    signal: invocation.signal,
  });
  for await (const name of names) {
    if (!name.startsWith(namespace)) continue;
    if (format.isText) console.out(printable(name.slice(namespace.length)));
    else repositories.push(name);
  }
  format.print(console, { registry, repositories });
}
