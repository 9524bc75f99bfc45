import type {
  PushContentOptions,
  PushContentResult,
} from "../../distribution/content_options.ts";
import type { Descriptor } from "../../image/descriptor.ts";

/** Tells of content on its way into a store. */
export function pushReporter(
  descriptor: Descriptor,
  { name, onProgress }: PushContentOptions,
): (phase: PushContentResult | "uploading", transferred: number) => void {
  const { size: total } = descriptor;
  return (phase, transferred) =>
    onProgress?.({ descriptor, name, phase, transferred, total });
}
