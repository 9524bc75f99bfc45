import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { FileLock, withFileLock } from "../../distribution/node/_file_lock.ts";
import { processMark } from "../../distribution/node/_process_mark.ts";

const WORKER = fileURLToPath(new URL("./_lock_worker.ts", import.meta.url));
const busy = () => new Error("The lock is held");

async function withFolder(
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** The mark of a process that has ended on this machine. */
async function endedMark(): Promise<string> {
  const ended = new Deno.Command("true", { stdout: "null" }).spawn();
  await ended.status;
  const [place, , born] = (await processMark()).split(" ");
  return `${place} ${ended.pid} ${born}`;
}

Deno.test("withFileLock() lets one in at a time where many find a lock that was left behind", () =>
  withFolder(async (folder) => {
    const path = `${folder}/lock`;
    let inside = 0;
    let most = 0;
    for (let round = 0; round < 20; round++) {
      await Deno.writeTextFile(path, "nobody");
      await Deno.utime(path, 1, 1);
      await Promise.all(
        Array.from(
          { length: 12 },
          () =>
            withFileLock(path, async (assertHeld) => {
              most = Math.max(most, ++inside);
              await assertHeld();
              inside--;
            }, { patience: 20_000, busy }),
        ),
      );
    }
    assertEquals(most, 1);
    assertEquals(namesIn(folder), []);
  }));

Deno.test("FileLock.release() leaves a lock alone that took its place", () =>
  withFolder(async (folder) => {
    const path = `${folder}/lock`;
    const first = (await FileLock.take(path))!;
    await Deno.utime(path, 1, 1);
    const second = (await FileLock.take(path))!;
    assertEquals([await first.isHeld(), await second.isHeld()], [false, true]);
    await first.release();
    assert(await second.isHeld());
    await second.release();
    assertEquals(namesIn(folder), []);
  }));

Deno.test("FileLock.take() takes no lock of a process that lives, nor a young one of nobody", () =>
  withFolder(async (folder) => {
    const path = `${folder}/lock`;
    const minute = new Date(Date.now() - 60_000);
    const marks = Deno.build.os === "linux" ? [await processMark()] : [];
    for (const mark of marks) {
      await Deno.writeTextFile(path, `x\n${mark}`);
      await Deno.utime(path, minute, minute);
      assertEquals(await FileLock.take(path), undefined);
    }
    await Deno.writeTextFile(path, "x\nelsewhere 1 1");
    assertEquals(await FileLock.take(path), undefined);
    assertEquals(namesIn(folder), ["lock"]);
    await Deno.utime(path, minute, minute);
    const lock = (await FileLock.take(path))!;
    await lock.release();
    assertEquals(namesIn(folder), []);
  }));

Deno.test("FileLock.take() waits for whoever takes the lock away, unless that one ended too", () =>
  withFolder(async (folder) => {
    const path = `${folder}/lock`;
    await Deno.writeTextFile(path, "nobody");
    await Deno.utime(path, 1, 1);
    await Deno.writeTextFile(`${path}.break`, "somebody");
    assertEquals(await FileLock.take(path), undefined);
    await Deno.utime(`${path}.break`, 1, 1);
    await (await FileLock.take(path))!.release();
    assertEquals(namesIn(folder), []);
  }));

Deno.test({
  name:
    "withFileLock() goes on at once where the holder and who broke its lock ended",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/lock`;
      const mark = await endedMark();
      for (const suffix of ["", ".break", ".break.break"]) {
        await Deno.writeTextFile(`${path}${suffix}`, `x\n${mark}`);
      }
      const done = await withFileLock(path, () => Promise.resolve("done"), {
        patience: 0,
        busy,
      });
      assertEquals(done, "done");
      assertEquals(namesIn(folder), []);
    }),
});

Deno.test("withFileLock() gives up with the error it was given", () =>
  withFolder(async (folder) => {
    const path = `${folder}/lock`;
    const lock = (await FileLock.take(path))!;
    const work = () => Promise.resolve();
    const options = { patience: 20, busy };
    await assertRejects(
      () => withFileLock(path, work, options),
      Error,
      "The lock is held",
    );
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await assertRejects(
      () => withFileLock(path, work, { ...options, signal }),
      Error,
      "enough",
    );
    await lock.release();
  }));

Deno.test({
  name: "withFileLock() loses nothing where processes that hold it are killed",
  // Elsewhere nobody can tell that a process has ended: then all wait for long.
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/counter`, "0");
      const start = (name: string, rounds: number) =>
        new Deno.Command(Deno.execPath(), {
          args: [
            ...["run", "-A", "--no-check", WORKER],
            ...[folder, name, String(rounds)],
          ],
          stdout: "piped",
          stderr: "piped",
        }).spawn();
      const steady = ["a", "b"].map((name) => start(name, 150).output());
      let least = 0;
      for (let round = 0; round < 4; round++) {
        const doomed = start(`k${round}`, 1_000_000);
        const errors = new Response(doomed.stderr).text();
        const reader = doomed.stdout.pipeThrough(new TextDecoderStream())
          .getReader();
        let text = "";
        while (text.split("\n").length <= 5) {
          text += (await reader.read()).value;
        }
        doomed.kill("SIGKILL");
        while (true) {
          const { value, done } = await reader.read();
          if (done) break;
          text += value;
        }
        await doomed.status;
        assertEquals(await errors, "");
        least += text.split("\n").length - 1;
      }
      for (const { stdout, stderr } of await Promise.all(steady)) {
        assertEquals(new TextDecoder().decode(stderr), "");
        least += new TextDecoder().decode(stdout).split("\n").length - 1;
      }
      const count = Number(await Deno.readTextFile(`${folder}/counter`));
      // Each killed one may have counted once more than it could tell.
      assert(count >= least && count <= least + 4, `${count} of ${least}`);
    }),
});
