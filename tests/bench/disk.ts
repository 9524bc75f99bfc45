const MIB = 1 << 20;

const folders = new Set<string>();

/** Deletes what was made so far, when the run is broken off. */
export function removeFolders(): void {
  for (const folder of folders) {
    try {
      Deno.removeSync(folder, { recursive: true });
    } catch {
      // A server may still be writing to it; the rest goes.
    }
  }
}

/** A folder on a RAM disk where the machine has one, so that no disk is measured. */
export async function makeFolder(): Promise<string> {
  for (const dir of ["/dev/shm", undefined]) {
    try {
      const folder = await Deno.makeTempDir({
        prefix: "gantry-bench-",
        ...(dir && { dir }),
      });
      folders.add(folder);
      return folder;
    } catch (error) {
      if (dir === undefined) throw error;
    }
  }
  throw new Error("Cannot make a folder");
}

/** Writes random bytes: a random block over and over, each with its own number. */
export async function writeRandom(path: string, size: number): Promise<void> {
  const block = new Uint8Array(16 * MIB);
  for (let at = 0; at < block.length; at += 65_536) {
    crypto.getRandomValues(block.subarray(at, at + 65_536));
  }
  const numbers = new DataView(block.buffer);
  using file = await Deno.open(path, { write: true, create: true });
  for (let written = 0; written < size; written += block.length) {
    for (let at = 0; at < block.length; at += MIB) {
      numbers.setFloat64(at, written + at);
    }
    await writeAll(
      file,
      block.subarray(0, Math.min(block.length, size - written)),
    );
  }
}

/**
 * Makes the memory of a RAM disk warm: writes 1.2 times `size` and deletes it.
 *
 * A virtual machine's memory is slow on its first touch, several times slower
 * than what is measured here.
 */
export async function warm(folder: string, size: number): Promise<void> {
  const path = `${folder}/warm`;
  const block = new Uint8Array(16 * MIB);
  {
    using file = await Deno.open(path, { write: true, create: true });
    for (let written = 0; written < size * 1.2; written += block.length) {
      await writeAll(file, block);
    }
  }
  await Deno.remove(path);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await file.write(bytes.subarray(at));
  }
}

/** Deletes a file or folder if it is there. */
export async function remove(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
