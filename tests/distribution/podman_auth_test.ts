import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CredentialError } from "@gantry/oci/distribution";
import {
  CredentialHelper,
  credentialsFromEnvironment,
  PodmanAuth,
  podmanAuthPaths,
} from "@gantry/oci/distribution/node";
import { runGantry, runProgram } from "../_support/gantry.ts";
import { openSandbox } from "../_support/cli_sandbox.ts";
import { found } from "../_support/programs.ts";
import { ServedAuthWorld } from "./_served_auth_world.ts";
import { assertNoSecret } from "./_layers.ts";

const hasSkopeo = found("skopeo");

function entry(username: string): { auth: string } {
  return { auth: btoa(`${username}:s3cret`) };
}

/** A fresh directory with a file of these credentials, gone afterwards. */
async function withFile(
  content: unknown,
  work: (file: string, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-podman-"));
  const file = join(directory, "auth.json");
  try {
    if (content !== undefined) await writeFile(file, JSON.stringify(content));
    await work(file, directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const NAMESPACED = {
  "r.example": entry("host"),
  "r.example/team": entry("team"),
  "r.example/team/app": entry("app"),
  "r.example:5000/team": entry("port"),
  "https://schemed.example/v1/": entry("schemed"),
  "bare.example/team": entry("bare"),
  "docker.io/library": entry("library"),
  "https://index.docker.io/v1/": entry("hub"),
};

/** The registry, the repository, and whose credential serves. */
const LOOKUPS: [string, string | undefined, string | undefined][] = [
  ["r.example", undefined, "host"],
  ["r.example", "app", "host"],
  ["r.example", "team", "team"],
  ["r.example", "team/other", "team"],
  ["r.example", "team/app", "app"],
  ["r.example", "team/app/sub", "app"],
  ["r.example", "team/app2", "team"],
  ["r.example", "teams/app", "host"],
  ["r.example:5000", "team/app", "port"],
  ["r.example:5000", "app", undefined],
  ["schemed.example", "team/app", "schemed"],
  ["bare.example", "team/app", "bare"],
  ["bare.example", "other", undefined],
  ["bare.example", undefined, undefined],
  ["docker.io", "library/alpine", "library"],
  ["docker.io", "me/app", "hub"],
  ["xr.example", "team/app", undefined],
];

for (const [registry, repository, expected] of LOOKUPS) {
  Deno.test(`PodmanAuth.get() finds ${expected ?? "nothing"} for ${registry}/${repository ?? ""}`, async () => {
    await withFile({ auths: NAMESPACED }, async (file) => {
      const credential = await new PodmanAuth(file).get(registry, {
        repository,
      });
      assertEquals(
        credential,
        expected === undefined
          ? undefined
          : { username: expected, password: "s3cret" },
      );
      const env = { DOCKER_AUTH_CONFIG: await readFile(file, "utf8") };
      const store = credentialsFromEnvironment({ env });
      assertEquals(await store.get(registry, { repository }), credential);
    });
  });
}

Deno.test("PodmanAuth keeps Docker Hub under its name, and paths when the host goes", async () => {
  await withFile(
    { auths: { "docker.io/library": entry("x") } },
    async (file) => {
      const store = new PodmanAuth(file);
      const credential = { username: "me", password: "s3cret" };
      await store.put("docker.io", credential);
      assertEquals(
        await store.get("docker.io", { repository: "me/x" }),
        credential,
      );
      assertEquals(JSON.parse(await readFile(file, "utf8")).auths, {
        "docker.io/library": entry("x"),
        "docker.io": entry("me"),
      });
      assertEquals(await store.delete("docker.io"), true);
      assertEquals(await store.delete("docker.io"), false);
      assertEquals(JSON.parse(await readFile(file, "utf8")).auths, {
        "docker.io/library": entry("x"),
      });
    },
  );
});

Deno.test("PodmanAuth takes at least one file", () => {
  assertThrows(() => new PodmanAuth([]), TypeError);
});

Deno.test("PodmanAuth shows a repository's credential to its token service", async () => {
  await using world = new ServedAuthWorld();
  const auths = {
    [world.registry]: entry("host"),
    [`${world.registry}/team`]: entry("team"),
  };
  await withFile({ auths }, async (file) => {
    using client = world.client({ credentials: new PodmanAuth(file) });
    for (const name of ["team/app", "other", "team/app"]) {
      await Array.fromAsync(client.repository(name).tags.list());
    }
    assertEquals(
      world.tokenRequests.map(({ authorization }) =>
        atob(authorization!.slice(6))
      ),
      ["team:s3cret", "host:s3cret"],
    );
  });
});

Deno.test("podmanAuthPaths() follows podman's rules", () => {
  const home = join("/home/me", ".config", "containers", "auth.json");
  const all = { HOME: "/home/me", XDG_RUNTIME_DIR: "/run/user/7" };
  const runtime = Deno.build.os === "linux"
    ? ["/run/user/7/containers/auth.json"]
    : [];
  assertEquals(podmanAuthPaths(all), [...runtime, home]);
  assertEquals(podmanAuthPaths({ ...all, XDG_CONFIG_HOME: "/etc/x" }), [
    ...runtime,
    join("/etc/x", "containers", "auth.json"),
  ]);
  assertEquals(podmanAuthPaths({ ...all, REGISTRY_AUTH_FILE: "/a.json" }), [
    "/a.json",
  ]);
  assertEquals(podmanAuthPaths({ ...all, REGISTRY_AUTH_FILE: "" }), [
    ...runtime,
    home,
  ]);
  if (Deno.build.os === "linux") {
    assertEquals(podmanAuthPaths({ HOME: "/home/me" }), [
      `/run/containers/${Deno.uid()}/containers/auth.json`,
      home,
    ]);
  }
});

Deno.test("credentialsFromEnvironment() takes user and password only together", async () => {
  const [ORAS_USER, ORAS_PASS] = ["me", "s3cret"];
  for (
    const env of [{}, { ORAS_USER }, { ORAS_PASS }, {
      ORAS_USER,
      ORAS_PASS: "",
    }]
  ) {
    const store = credentialsFromEnvironment({ env });
    assertEquals(await store.get("r.example"), undefined);
  }
  const env = { ORAS_USER, ORAS_PASS };
  const me = { username: "me", password: "s3cret" };
  const open = credentialsFromEnvironment({ env });
  assertEquals(await open.get("r.example"), me);
  assertEquals(await open.get("s.example"), me);
  const closed = credentialsFromEnvironment({ env, registry: "r.example" });
  assertEquals(await closed.get("r.example"), me);
  assertEquals(await closed.get("s.example"), undefined);
});

Deno.test("credentialsFromEnvironment() asks DOCKER_AUTH_CONFIG first", async () => {
  const store = credentialsFromEnvironment({
    env: {
      DOCKER_AUTH_CONFIG: JSON.stringify({
        auths: { "https://r.example/v2/": entry("job") },
      }),
      ORAS_USER: "me",
      ORAS_PASS: "s3cret",
    },
  });
  assertEquals(await store.get("r.example"), {
    username: "job",
    password: "s3cret",
  });
  assertEquals(await store.get("s.example"), {
    username: "me",
    password: "s3cret",
  });
});

Deno.test("credentialsFromEnvironment() names DOCKER_AUTH_CONFIG, and quotes nothing", async () => {
  const cases: [string, string][] = [
    ["s3cret", "expected JSON"],
    ['["s3cret"]', "expected a JSON object"],
    ['{"auths":["s3cret"]}', "auths is no object"],
    ['{"auths":{"r.example":"s3cret"}}', 'auths["r.example"] is no object'],
    [
      '{"auths":{"r.example":{"auth":"s3cret"}}}',
      'auths["r.example"].auth is not the base64 of user:password',
    ],
  ];
  for (const [DOCKER_AUTH_CONFIG, reason] of cases) {
    const env = { DOCKER_AUTH_CONFIG };
    const error = await assertRejects(
      async () => await credentialsFromEnvironment({ env }).get("r.example"),
      CredentialError,
    );
    assertEquals(
      [error.code, error.message],
      [
        "CREDENTIAL_CONFIG_INVALID",
        `Cannot read DOCKER_AUTH_CONFIG: ${reason}`,
      ],
    );
    assertNoSecret(error, ["s3cret"]);
  }
});

Deno.test({
  name:
    "credentialsFromEnvironment() runs the helpers that DOCKER_AUTH_CONFIG names",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withFile(undefined, async (_, directory) => {
      const program = join(directory, "docker-credential-fake");
      await writeFile(
        program,
        '#!/bin/sh\nread -r s || true\nprintf \'{"Username":"%s","Secret":"s3cret"}\' "$s"\n',
      );
      await chmod(program, 0o755);
      const store = credentialsFromEnvironment({
        env: {
          DOCKER_AUTH_CONFIG: '{"credsStore":"fake"}',
          PATH: `${directory}:/usr/bin:/bin`,
        },
      });
      assertEquals(await store.get("docker.io", { repository: "a/b" }), {
        username: "https://index.docker.io/v1/",
        password: "s3cret",
      });
    });
  },
});

Deno.test({
  name: "CredentialHelper.list() gives the users without their secrets",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withFile(undefined, async (_, directory) => {
      const script = (name: string, text: string) =>
        writeFile(join(directory, `docker-credential-${name}`), text, {
          mode: 0o755,
        });
      await script(
        "good",
        '#!/bin/sh\n[ "$1" = list ] && echo \'{"https://a.example":"me","b.example":"<token>"}\'\n',
      );
      await script("bad", "#!/bin/sh\necho s3cret\n");
      await script("worse", "#!/bin/sh\necho s3cret; exit 1\n");
      const env = { PATH: `${directory}:/usr/bin:/bin` };
      assertEquals(
        await new CredentialHelper("good", { env }).list(),
        new Map([["https://a.example", "me"], ["b.example", "<token>"]]),
      );
      for (const name of ["bad", "worse"]) {
        const error = await assertRejects(
          () => new CredentialHelper(name, { env }).list(),
          CredentialError,
        );
        assertEquals(error.code, "CREDENTIAL_HELPER_FAILED");
        assertNoSecret(error, ["s3cret"]);
      }
    });
  },
});

Deno.test({
  name: "PodmanAuth and skopeo read what the other wrote",
  ignore: !hasSkopeo,
  async fn() {
    await using world = new ServedAuthWorld({ basic: true });
    await withFile(undefined, async (file) => {
      const login = await runProgram([
        ...["skopeo", "login", "--tls-verify=false", `--authfile=${file}`],
        ...["-u", "me", "-p", "s3cret", world.registry],
      ]);
      assertEquals(login.code, 0, login.stderr);
      const store = new PodmanAuth(file);
      assertEquals(await store.get(world.registry), {
        username: "me",
        password: "s3cret",
      });
      await store.put("r.example", { username: "other", password: "s3cret" });
      const told = await runProgram([
        ...["skopeo", "login", "--get-login", `--authfile=${file}`],
        "r.example",
      ]);
      assertEquals(told.stdout.trim(), "other", told.stderr);
    });
  },
});

Deno.test("commands ask podman's file where docker's has nothing", async () => {
  await using world = new ServedAuthWorld();
  await using box = await openSandbox();
  const { registry } = world;
  const tags = async (...flags: string[]) => {
    const args = ["repo", "tags", "--plain-http", ...flags];
    const { code, stderr } = await box.gantry([
      ...args,
      `${registry}/team/app`,
    ]);
    assertEquals(code, 0, stderr);
    const { authorization } = world.tokenRequests.at(-1)!;
    return authorization && atob(authorization.slice(6));
  };
  const file = (content: unknown) => JSON.stringify({ auths: content });
  assertEquals(await tags(), null);
  await box.write(
    "../config/containers/auth.json",
    file({ [registry]: entry("home") }),
  );
  assertEquals(await tags(), "home:s3cret");
  await box.write(
    "../run/containers/auth.json",
    file({ [`${registry}/team`]: entry("team") }),
  );
  assertEquals(await tags(), "team:s3cret");
  await box.write("../docker/config.json", file({ [registry]: entry("hub") }));
  assertEquals(await tags(), "hub:s3cret");
  await box.write("own.json", file({}));
  assertEquals(await tags("--registry-config", "own.json"), null);
});

Deno.test("commands name the file in REGISTRY_AUTH_FILE that is broken, and quote nothing", async () => {
  await using world = new ServedAuthWorld();
  await using box = await openSandbox();
  await box.write("broken.json", "s3cret");
  const { code, stderr, stdout } = await runGantry(
    ["repo", "tags", "--plain-http", `${world.registry}/team/app`],
    {
      cwd: box.folder,
      env: {
        DOCKER_CONFIG: box.folder,
        REGISTRY_AUTH_FILE: join(box.folder, "broken.json"),
      },
    },
  );
  assertEquals(code, 1);
  assert(stderr.includes("broken.json: expected JSON"), stderr);
  assert(!(stderr + stdout).includes("s3cret"));
});

Deno.test("commands do without podman's files where they may not read them", async () => {
  await using world = new ServedAuthWorld();
  await using box = await openSandbox();
  await box.write("../config/containers/auth.json", "s3cret");
  await box.write("../docker/config.json", "{}");
  const clone = fileURLToPath(new URL("../..", import.meta.url));
  const folder = join(box.folder, "..", "docker");
  const XDG_CONFIG_HOME = join(box.folder, "..", "config");
  const variables = "DOCKER_CONFIG,HOME";
  for (const names of [variables, `${variables},XDG_CONFIG_HOME`]) {
    const { code, stderr, stdout } = await runProgram([
      ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "--allow-net"],
      ...[`--allow-env=${names}`, `--allow-read=${folder},${clone}`],
      join(clone, "cli.ts"),
      ...["repo", "tags", "--plain-http", `${world.registry}/app`],
    ], {
      env: { DOCKER_CONFIG: folder, XDG_CONFIG_HOME, XDG_RUNTIME_DIR: "" },
    });
    assertEquals([code, stdout, stderr], [0, "v1\n", ""]);
  }
});
