import type { Invocation } from "./_command.ts";
export async function run(_: Invocation): Promise<void> {}
