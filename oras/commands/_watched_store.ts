import { tapStream } from "../../digest/_tap_stream.ts";
import type {
  ProgressEvent,
  ProgressHook,
} from "../../distribution/progress.ts";
import type { Fetcher } from "../store.ts";

/** A store that tells of what is read from it, as if that were copied. */
export function watchFetches(
  store: Fetcher,
  onProgress: ProgressHook,
): Fetcher {
  /** What has been read to its end: manifests are read twice. */
  const done = new Set<string>();
  return {
    async fetch(descriptor, options = {}) {
      const { digest, size: total } = descriptor;
      const stream = await store.fetch(descriptor, options);
      if (done.has(digest)) return stream;
      let transferred = options.offset ?? 0;
      const tell = (phase: ProgressEvent["phase"]) =>
        onProgress({ descriptor, phase, transferred, total });
      tell("copying");
      return tapStream(stream, {
        chunk({ byteLength }) {
          transferred += byteLength;
          tell("copying");
        },
        end() {
          if (done.has(digest)) return;
          done.add(digest);
          tell("copied");
        },
      });
    },
  };
}
