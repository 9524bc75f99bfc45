import { assertEquals } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import {
  fromHandler,
  RegistryClient,
  type Source,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import { MediaTypes } from "@gantry/oci/image";
import { MemoryStore, prepareContent, type Pusher } from "@gantry/oci/oras";
import { FileStore, LayoutStore } from "@gantry/oci/oras/node";

function repository() {
  const transport = fromHandler(createRegistry().fetch);
  return new RegistryClient("registry.example", { transport }).repository("a");
}

const STORES: Record<string, (folder: string) => Pusher> = {
  MemoryStore: () => new MemoryStore(),
  LayoutStore: (folder) => new LayoutStore(folder),
  FileStore: (folder) => new FileStore(folder),
  Repository: repository,
};

/** A source of five bytes that opens when it is let. */
function stalled() {
  const opening = Promise.withResolvers<void>();
  const open = Promise.withResolvers<void>();
  let cancelled: unknown;
  const source: Source = {
    size: 5,
    async open() {
      opening.resolve();
      await open.promise;
      return new ReadableStream({
        cancel: (reason) => void (cancelled = reason),
      }, { highWaterMark: 0 });
    },
  };
  return {
    source,
    opening: opening.promise,
    open: open.resolve,
    cancelled: () => cancelled,
  };
}

async function endsAtAbort(
  work: (source: Source, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const { cancelled, open, opening, source } = stalled();
  const controller = new AbortController();
  const reason = new Error("enough");
  const outcome = work(source, controller.signal)
    .then(() => "done", (error: unknown) => error);
  await opening;
  controller.abort(reason);
  assertEquals(await outcome, reason);
  // What opens after all is let go of.
  open();
  while (cancelled() === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assertEquals(cancelled(), reason);
}

for (const [name, make] of Object.entries(STORES)) {
  Deno.test(`${name} ends at an abort although its source never opens`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const digest = String(await Digest.fromString("hello"));
      for (const mediaType of ["text/plain", MediaTypes.manifest]) {
        await endsAtAbort((source, signal) =>
          make(folder).push({ mediaType, digest, size: 5 }, source, { signal })
        );
      }
      assertEquals(await leftIn(folder), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** The files below a folder that are not complete. */
async function leftIn(folder: string): Promise<string[]> {
  const left: string[] = [];
  for await (const { isDirectory, name } of Deno.readDir(folder)) {
    if (isDirectory) left.push(...await leftIn(`${folder}/${name}`));
    else if (name.startsWith(".gantry-")) left.push(name);
  }
  return left;
}

Deno.test("prepareContent() ends at an abort although its source never opens", async () => {
  await endsAtAbort((source, signal) => prepareContent(source, { signal }));
});
