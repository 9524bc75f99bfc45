import { assertEquals } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import type { Finished } from "../_support/gantry.ts";
import { found } from "../_support/programs.ts";

const HI =
  "sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4";
/** A fixed time makes the manifests of both programs the same bytes. */
const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";

const ignore = !found("oras");

/** Runs a line with both programs and demands the same answer, up to what `view` shows of it. */
async function same(
  box: Sandbox,
  line: string,
  view: (answer: Finished) => unknown = (answer) => answer,
): Promise<void> {
  const args = line.split(" ").map((word) => word.replace("HOST", box.host));
  const theirs = await box.oras(args);
  const ours = await box.gantry(args);
  const renamed = {
    ...theirs,
    stdout: theirs.stdout.replaceAll("oras ", "gantry "),
    stderr: theirs.stderr.replaceAll("oras ", "gantry ").replaceAll(
      '"oras"',
      '"gantry"',
    ),
  };
  assertEquals(view(ours), view(renamed), line);
}

/** Transfers run at once, so lines may come in any order. */
const unordered = ({ code, stderr, stdout }: Finished) => ({
  code,
  stderr,
  lines: stdout.split("\n").sort(),
});

async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.write("d/a", "a\n");
  await box.write("config.json", "{}");
  await box.ok("push", `${box.host}/app:v1`, "hi.txt", "-a", CREATED);
  await box.ok("tag", `${box.host}/app:v1`, "v2", "v3");
  await box.ok("push", `${box.host}/team/b:v1`, "-a", CREATED, "-a=k=<&>");
  return box;
}

Deno.test({
  name: "what reads prints the same as oras",
  ignore,
  async fn() {
    await using box = await filled();
    for (
      const line of [
        "resolve HOST/app:v1",
        "resolve HOST/app:v1 -l",
        "repo tags HOST/app",
        "repo tags HOST/app --format json",
        "repo tags HOST/app --last v1",
        "repo ls HOST",
        "repo ls HOST/team",
        "repo ls HOST --format=json",
        "repo ls HOST/none --format=json",
        "manifest fetch HOST/app:v1",
        "manifest fetch HOST/app:v1 --pretty",
        "manifest fetch HOST/app:v1 --descriptor",
        "manifest fetch HOST/app:v1 --descriptor --pretty",
        "manifest fetch HOST/team/b:v1 --format json",
        "manifest fetch HOST/team/b:v1 --pretty",
        "manifest fetch HOST/app:v1 -o out.json",
        `blob fetch HOST/app@${HI} --output -`,
        `blob fetch HOST/app@${HI} --descriptor`,
        `blob fetch HOST/app@${HI} --descriptor --pretty`,
        `blob fetch HOST/app@${HI} --output blob`,
        "logout HOST",
      ]
    ) await same(box, line);
  },
});

Deno.test({
  name: "push prints the same as oras, and makes the same manifests",
  ignore,
  async fn() {
    const flags = `-a ${CREATED}`;
    await using theirs = await filled();
    await using ours = await filled();
    // Each in a repository of its own: oras does nothing where the manifest exists.
    for (
      const [index, line] of [
        `push HOST/x:1 hi.txt ${flags}`,
        `push HOST/x:1,2,3 hi.txt:text/plain ${flags}`,
        `push HOST/x:1 ./d/../hi.txt ${flags}`,
        `push HOST/x:1 ${flags}`,
        `push HOST/x ${flags}`,
        `push HOST/x:1 --config config.json:c/d ${flags}`,
        `push HOST/x:1 hi.txt --config config.json --artifact-type a/b ${flags}`,
        `push HOST/x:1 hi.txt --image-spec v1.0 ${flags}`,
        `push HOST/x:1 hi.txt --artifact-platform linux/arm/v7 ${flags}`,
        `push HOST/x:1 hi.txt --format json ${flags}`,
        `push HOST/x:2,1 hi.txt --format json --image-spec v1.0 ${flags}`,
      ]
        .entries()
    ) {
      const words = (box: Sandbox) =>
        line.split(" ").map((word) =>
          word.replace("HOST/x", `${box.host}/x${index}`)
        );
      const hide = (box: Sandbox, answer: Finished) =>
        unordered({
          ...answer,
          stdout: answer.stdout.replaceAll(box.host, "HOST"),
        });
      assertEquals(
        hide(ours, await ours.gantry(words(ours))),
        hide(theirs, await theirs.oras(words(theirs))),
        line,
      );
    }
  },
});

Deno.test({
  name: "pull and tag print the same as oras",
  ignore,
  async fn() {
    await using box = await filled();
    await box.oras(["push", `${box.host}/app:dir`, "hi.txt", "d"]);
    for (
      const line of [
        "pull HOST/app:v1 -o out",
        "pull HOST/app:dir -o out",
        "pull HOST/app:dir -o out --format json",
        "pull HOST/team/b:v1 -o out",
        "pull HOST/team/b:v1 -o out --format json",
        "pull HOST/app:v1 -o out --config c.json",
        "tag HOST/app:v1 t1",
      ]
    ) await same(box, line, unordered);
    assertEquals(await box.read("out/d/a"), "a\n");
  },
});

Deno.test({
  name: "mistakes are told in the words of oras",
  ignore,
  async fn() {
    await using box = await filled();
    for (
      const line of [
        "push",
        "pull",
        "pull a b",
        "tag",
        "resolve",
        "login",
        "logout",
        "repo ls",
        "repo tags",
        "manifest fetch",
        "blob fetch",
        "nope",
        "pussh",
        "push --nope x",
        "push -dz x",
        "pull HOST/app:v1 -o",
        "pull HOST/app:v1 --output",
        "pull HOST/app:v1 --concurrency=abc",
        "pull --plain-http=maybe x",
        "pull -vd",
        "push HOST/x:y --image-spec v9",
        "push HOST/x:y --config hi.txt --image-spec v1.1",
        "push HOST/x:y -a foo",
        "resolve HOST/app",
        "pull HOST/app",
        "pull HOST/app:nope",
        "pull HOST/nope:1",
        "tag HOST/app:nope t",
        "tag ls x",
        `blob fetch HOST/app@${HI}`,
        `blob fetch HOST/nope@${HI} --descriptor`,
        `blob fetch HOST/app@${HI} -o - --descriptor`,
        "manifest fetch HOST/app:v1 -o - --descriptor",
        "manifest fetch HOST/app:v1 --descriptor --format json",
        "pull HOST/app:v1 --password-stdin --identity-token-stdin",
        "pull HOST/app:v1 -u a --identity-token b",
        "pull HOST/app:v1 --cert-file x",
        "pull HOST/app:v1 --ca-file nofile",
        "pull HOST/app:v1 --resolve foo",
      ]
    ) await same(box, line);
  },
});
