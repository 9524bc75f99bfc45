import { assert, assertEquals, assertRejects } from "@std/assert";
import { forEachConcurrent } from "../../oras/_pool.ts";

/** Gives others their turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("forEachConcurrent() works on every item, never on more than the limit at once", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachConcurrent([1, 2, 3, 4, 5, 6, 7], { limit: 3 }, async (item) => {
    most = Math.max(most, ++running);
    await turn();
    running--;
    done.push(item);
  });
  assertEquals(most, 3);
  assertEquals(done.sort(), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("forEachConcurrent() aborts the others on the first failure, and waits for them", async () => {
  const failure = new Error("first");
  const started: number[] = [];
  let cleaned = false;
  const thrown = await assertRejects(() =>
    forEachConcurrent([1, 2, 3, 4], { limit: 2 }, async (item, signal) => {
      started.push(item);
      await turn();
      if (item === 1) throw failure;
      assert(signal.aborted);
      await turn();
      cleaned = true;
      signal.throwIfAborted();
    })
  );
  assertEquals(thrown, failure);
  assertEquals(started, [1, 2]);
  assert(cleaned);
});

Deno.test("forEachConcurrent() fails with the reason of the caller's signal", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  const { signal } = controller;
  const thrown = await assertRejects(() =>
    forEachConcurrent([1, 2, 3], { limit: 1, signal }, (item) => {
      if (item === 2) controller.abort(reason);
      return Promise.resolve();
    })
  );
  assertEquals(thrown, reason);
});

Deno.test("forEachConcurrent() refuses a limit that is no positive integer", async () => {
  for (const limit of [0, -1, 1.5, NaN, Infinity]) {
    await assertRejects(
      () => forEachConcurrent([1], { limit }, () => Promise.resolve()),
      RangeError,
    );
  }
});
