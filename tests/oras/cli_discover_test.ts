import { assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";

/** An artifact with two kinds of referrers, one of which is signed. */
async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  const name = `${box.host}/app`;
  await box.ok("push", `${name}:v1`, "-a", CREATED);
  const types = ["z/z", "a/a", "z/z"];
  for (const [index, type] of types.entries()) {
    await box.ok(
      ...["attach", `${name}:v1`, "--artifact-type", type],
      ...[
        "-a",
        CREATED,
        "-a",
        `n=${index}`,
        "-a",
        'm=x: y"z',
        "-a",
        "plain=a b",
      ],
    );
  }
  const { referrers } = JSON.parse(
    await box.ok("discover", `${name}:v1`, "--format=json"),
  );
  const signed = `${name}@${referrers[0].digest}`;
  await box.ok("attach", signed, "--artifact-type", "sig/sig", "-a", CREATED);
  return box;
}

Deno.test("discover draws referrers by type, then digest, with sorted annotations", async () => {
  await using box = await openSandbox();
  const name = `${box.host}/app`;
  await box.ok("push", `${name}:v1`, "-a", CREATED);
  const digest = (await box.ok("resolve", `${name}:v1`)).trim();
  const attached = async (name: string, type: string, ...more: string[]) => {
    const line = ["attach", name, "--artifact-type", type, "-a", CREATED];
    const json = await box.ok(...line, ...more, "--format=json");
    return JSON.parse(json).digest;
  };
  const sbom = await attached(
    `${name}:v1`,
    "doc/sbom",
    "-a",
    "b=no",
    "-a",
    "a=1",
  );
  const signature = await attached(`${name}@${sbom}`, "sig/sig");
  assertEquals(
    await box.ok("discover", `${name}:v1`),
    `${name}@${digest}
└── doc/sbom
    └── ${sbom}
        ├── [annotations]
        │   ├── a: "1"
        │   ├── b: 'no'
        │   └── org.opencontainers.image.created: "2024-01-02T03:04:05Z"
        └── sig/sig
            └── ${signature}
                └── [annotations]
                    └── org.opencontainers.image.created: "2024-01-02T03:04:05Z"
`,
  );
  assertEquals(
    await box.ok("discover", `${name}:v1`, "--depth=1", "--annotation", "a=2"),
    `${name}@${digest}\n`,
  );
});

Deno.test({
  name:
    "discover prints the same as oras, but for the order of annotations in a tree",
  ignore: !found("oras"),
  async fn() {
    await using box = await filled();
    const lines = [
      "discover HOST/app:v1 --format json",
      "discover HOST/app:v1 --format table",
      "discover HOST/app:v1 --verbose=false",
      "discover HOST/app:v1 --artifact-type z/z --format json",
      "discover HOST/app:v1 --artifact-type none",
      "discover HOST/app:v1 --artifact-type none --format table",
      "discover HOST/app:v1 --depth 1 --format json",
      "discover HOST/app:v1 -o table",
      "discover HOST/app:v1 -o json",
      "discover HOST/app:v1 --format go-template={{.referrers|len}}",
      "discover HOST/app:v1 --format yaml",
      "discover HOST/app:v1 --depth 0",
      "discover HOST/app",
      "discover HOST/app:nope",
    ];
    for (const line of lines) {
      const args = line.split(" ").map((word) =>
        word.replace("HOST", box.host)
      );
      const theirs = await box.oras(args);
      const rename = (text: string) => text.replaceAll("oras ", "gantry ");
      assertEquals(await box.gantry(args), {
        code: theirs.code,
        stdout: rename(theirs.stdout),
        stderr: rename(theirs.stderr),
      }, line);
    }
    const tree = ["discover", `${box.host}/app:v1`];
    const sorted = (text: string) =>
      text.split("\n").map((line) => line.replace(/[├└]/, "")).sort();
    assertEquals(
      sorted((await box.gantry(tree)).stdout),
      sorted((await box.oras(tree)).stdout),
    );
  },
});

Deno.test("discover shows what is attached in a layout, and escapes what could fool a terminal", async () => {
  await using box = await openSandbox();
  await box.ok("push", "--oci-layout", "lay:v1", "-a", CREATED);
  await box.ok(
    ...["attach", "--oci-layout", "lay:v1", "--artifact-type", "a/b"],
    ...["-a", "k=\x1b[31mred\ntwo", "-a", CREATED],
  );
  const shown = await box.ok("discover", "--oci-layout", "lay:v1");
  assertStringIncludes(shown, 'k: "\\u001b[31mred\\ntwo"');
});
