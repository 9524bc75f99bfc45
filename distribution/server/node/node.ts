/**
 * The parts of the registry that need a server runtime (Deno, Node or Bun): the
 * storage in a directory, and a listener.
 *
 * @module
 */
export { directoryStorage } from "./directory_storage.ts";
export {
  type FetchHandler,
  type RunningServer,
  serve,
  type ServeOptions,
} from "./serve.ts";
