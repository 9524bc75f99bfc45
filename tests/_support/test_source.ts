import type { Source } from "../../distribution/source.ts";
import type { TransportRequest } from "../../distribution/transport.ts";

/** A request with what a test leaves out. */
export function request(
  url: URL,
  init: Partial<TransportRequest> = {},
): TransportRequest {
  return { method: "GET", url, headers: new Headers(), ...init };
}

/** A source of so many bytes that follow a pattern, and what became of its streams. */
export interface TestSource extends Source {
  /** How often it was opened. */
  readonly opened: number;
  /** How often a stream was cancelled. */
  readonly cancelled: number;
  /** The bytes handed out. */
  readonly given: number;
}

/** How a {@linkcode testSource} differs from a plain one. */
export interface TestSourceOptions {
  /** The bytes that it really holds. */
  readonly actual?: number;
  /** Whether its streams are byte streams. */
  readonly byteStream?: boolean;
  /** The bytes handed out at a time. */
  readonly chunk?: number;
}

/** Makes a source that holds `actual` bytes and promises `size`. */
export function testSource(
  size: number,
  options: TestSourceOptions = {},
): TestSource {
  const { actual = size, byteStream = true, chunk = 64 * 1024 } = options;
  const state = { size, opened: 0, cancelled: 0, given: 0 };
  return Object.assign(state, {
    open(offset = 0) {
      state.opened++;
      let position = offset;
      const pull = (
        controller: {
          enqueue(chunk: Uint8Array<ArrayBuffer>): void;
          close(): void;
          byobRequest?: ReadableStreamBYOBRequest | null;
        },
      ) => {
        if (position >= actual) {
          controller.close();
          controller.byobRequest?.respond(0);
          return;
        }
        const bytes = pattern(position, Math.min(chunk, actual - position));
        position += bytes.byteLength;
        state.given += bytes.byteLength;
        controller.enqueue(bytes);
      };
      const cancel = () => void state.cancelled++;
      return byteStream
        ? new ReadableStream<Uint8Array<ArrayBuffer>>({
          type: "bytes",
          pull,
          cancel,
        })
        : new ReadableStream<Uint8Array<ArrayBuffer>>({ pull, cancel });
    },
  });
}

const PERIOD = 251;
const CYCLE = Uint8Array.from(
  { length: PERIOD * 4200 },
  (_, i) => i * 31 % PERIOD,
);

/** The bytes of every test source from a position on. */
export function pattern(
  start: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const phase = start % PERIOD;
  const step = CYCLE.byteLength - PERIOD;
  for (let at = 0; at < length; at += step) {
    const size = Math.min(step, length - at);
    bytes.set(CYCLE.subarray(phase, phase + size), at);
  }
  return bytes;
}
