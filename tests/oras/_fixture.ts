import { join } from "node:path";
import { type Intercept, type Provider, provider } from "./_provider.ts";

export {
  describeText,
  type HandmadeLayer,
  type Intercept,
  manifestOf,
  pushByHand,
  titlesOf,
} from "./_provider.ts";

/** A registry in memory, and a folder that is gone afterwards. */
export interface Fixture extends Provider, AsyncDisposable {
  /** The folder. */
  readonly folder: string;
  /** Writes files below the folder, and makes their folders. */
  write(files: Record<string, string>): Promise<void>;
  /** All names below a folder, sorted; links and folders included. */
  names(path?: string): Promise<string[]>;
  /** Reads a file below the folder. */
  read(path: string): Promise<string>;
}

/** Makes a fixture. */
export async function fixture(intercept?: Intercept): Promise<Fixture> {
  const folder = await Deno.makeTempDir();
  return {
    ...provider(intercept),
    folder,
    async write(files) {
      for (const [path, content] of Object.entries(files)) {
        const target = join(folder, path);
        await Deno.mkdir(join(target, ".."), { recursive: true });
        await Deno.writeTextFile(target, content);
      }
    },
    names: (path = ".") => namesBelow(join(folder, path)),
    read: (path) => Deno.readTextFile(join(folder, path)),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function namesBelow(folder: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    names.push(prefix + entry.name);
    if (entry.isDirectory) {
      const below = join(folder, entry.name);
      names.push(...await namesBelow(below, `${prefix}${entry.name}/`));
    }
  }
  return names.sort();
}
