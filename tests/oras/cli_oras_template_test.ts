import { assertEquals } from "@std/assert";
import { openSandbox, type Sandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";

const CREATED = "org.opencontainers.image.created=2024-01-02T03:04:05Z";

/** Commands of oras that have `--format`, each with a repository of its own to write to. */
const COMMANDS: readonly string[] = [
  `push HOST/p:1,2 hi.txt -a ${CREATED}`,
  `attach HOST/app:v1 hi.txt --artifact-type c/d -a ${CREATED}`,
  "pull HOST/app:v1 -o out",
  "discover HOST/app:v1",
  "manifest fetch HOST/app:v1",
  "repo ls HOST",
  "repo tags HOST/app",
];

/**
 * Templates that say something of any value. Numbers are small: a size of three
 * million is 3000000 here, and 3e+06 there.
 */
const TEMPLATES: readonly string[] = [
  "{{.}}",
  "{{toJson .}}",
  "{{toPrettyJson .}}",
  "{{len .}}",
  '{{range $key, $value := .}}{{$key}}={{kindOf $value | eq "map"}};{{end}}',
  '{{range $key, $value := .}}{{printf "%s %v" $key $value | upper}}{{println}}{{end}}',
  '{{keys . | sortAlpha | join ","}}',
  "{{with .digest}}{{. | trunc 15}}{{else}}none{{end}}",
  "{{if and .mediaType (not .nope)}}{{.mediaType | quote}}{{end}}",
  "{{.nope}} {{.nope.deeper}}",
  '{{index . "reference"}}{{printf "%q|%5d|%-8s|" "x" 42 "y"}}',
  '{{eq 1 1}}{{ne "a" "b"}}{{lt 1 2}}{{or .nope "default"}}{{println}}',
  "{{- range .files}}{{.path | base}} {{.size}}{{println}}{{end -}}",
  "{{range .referrers}}{{.artifactType}} {{len .referrers}}{{end}}",
  "{{range $i, $tag := .tags}}{{if $i}}, {{end}}{{$tag}}{{end}}",
  "{{.size}} {{mul .size 2}} {{add .size 1}} {{div .size 2}}",
  "{{",
  "{{nope}}",
  "{{range}}",
  "{{.digest | nope}}",
  "{{index .nope 1}}",
];

async function filled(): Promise<Sandbox> {
  const box = await openSandbox();
  await box.write("hi.txt", "hi\n");
  await box.ok("push", `${box.host}/app:v1`, "hi.txt", "-a", CREATED);
  await box.ok(
    ...["attach", `${box.host}/app:v1`, "--artifact-type", "a/b"],
    ...["-a", CREATED],
  );
  return box;
}

Deno.test({
  name: "templates print what they print with oras",
  ignore: !found("oras"),
  async fn() {
    await using theirs = await filled();
    await using ours = await filled();
    const wrong: string[] = [];
    for (const command of COMMANDS) {
      for (const template of TEMPLATES) {
        const run = async (box: Sandbox, program: "gantry" | "oras") => {
          const words = command.split(" ").map((word) =>
            word.replace("HOST", box.host)
          );
          const args = [...words, "--format", `go-template=${template}`];
          const { code, stdout } = await box[program](args);
          const hide = (text: string) =>
            text.replaceAll(box.host, "HOST").replaceAll(box.folder, "WORK")
              .replaceAll(box.host.toUpperCase(), "HOST")
              .replaceAll(box.folder.toUpperCase(), "WORK");
          // What a template printed before it failed is not compared.
          return { code, stdout: code === 0 ? hide(stdout) : "" };
        };
        const [actual, expected] = [
          await run(ours, "gantry"),
          await run(theirs, "oras"),
        ];
        if (JSON.stringify(actual) !== JSON.stringify(expected)) {
          wrong.push(
            `${command} ${template}: ${
              JSON.stringify([actual, expected], null, 1)
            }`,
          );
        }
      }
    }
    assertEquals(wrong, []);
  },
});

Deno.test({
  name: "--format go-template prints the same as oras",
  ignore: !found("oras"),
  async fn() {
    await using box = await openSandbox();
    await box.write("hi.txt", "hi\n");
    await box.ok("push", `${box.host}/app:v1`, "hi.txt", "-a", "k=<&>");
    for (
      const template of [
        "{{.}}",
        "{{.content}}",
        "{{range .content.layers}}{{println .digest .size}}{{end}}",
        '{{index .content.annotations "k"}} {{.content.annotations | toJson}}',
        '{{.digest | trunc 12 | upper | printf "%-20q"}}',
        "{{toPrettyJson .content}}",
        "{{.digest.x}}",
        "{{nope}}",
        "{{",
      ]
    ) {
      const line = ["manifest", "fetch", `${box.host}/app:v1`];
      for (
        const flags of [
          [`--format=go-template=${template}`],
          ["--format", "go-template", "--template", template],
        ]
      ) {
        const theirs = await box.oras([...line, ...flags]);
        const { code, stderr, stdout } = await box.gantry([...line, ...flags]);
        assertEquals(
          { code, stderr: stderr.trimEnd(), stdout },
          { ...theirs, stderr: theirs.stderr.trimEnd() },
          template,
        );
      }
    }
  },
});
