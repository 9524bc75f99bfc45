import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Credential } from "../../distribution/credential.ts";
import { CredentialError } from "../../distribution/credential_error.ts";
import { CredentialHelper } from "../../distribution/node/credential_helper.ts";
import { DockerConfig } from "../../distribution/node/docker_config.ts";
import { dockerConfigPath } from "../../distribution/node/docker_config_path.ts";
import { assertNoSecret, rejection } from "./_layers.ts";

const SECRETS = ["s3cret", btoa("me:s3cret"), "czNjcmV0"];
const PASSWORD = { username: "me", password: "s3cret" };
const AUTH = btoa("me:s3cret");

/** A fresh directory with a config file, gone afterwards. */
async function inDirectory(
  work: (directory: string, file: string) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-config-"));
  try {
    await work(directory, join(directory, "config.json"));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Asserts that the directory holds these names only: no lock, nothing temporary. */
async function assertNames(directory: string, names: string[]): Promise<void> {
  assertEquals((await readdir(directory)).sort(), names.sort());
}

/** The `auths` of a file, the registry asked for, and what is found. */
const LOOKUPS: [
  string,
  Record<string, unknown>,
  string,
  Credential | undefined,
][] = [
  ["an exact key", { "r.example": { auth: AUTH } }, "r.example", PASSWORD],
  [
    "a key with a port",
    { "r.example": { auth: btoa("a:b") }, "r.example:5000": { auth: AUTH } },
    "r.example:5000",
    PASSWORD,
  ],
  [
    "another port",
    { "r.example:5000": { auth: AUTH } },
    "r.example",
    undefined,
  ],
  ["another host", { "xr.example": { auth: AUTH } }, "r.example", undefined],
  [
    "a key with a scheme",
    { "https://r.example": { auth: AUTH } },
    "r.example",
    PASSWORD,
  ],
  [
    "a key with scheme and path",
    { "http://r.example:80/v1/": { auth: AUTH } },
    "r.example:80",
    PASSWORD,
  ],
  [
    "an exact key before one with a scheme",
    { "https://r.example": { auth: btoa("a:b") }, "r.example": { auth: AUTH } },
    "r.example",
    PASSWORD,
  ],
  [
    "Docker Hub's key",
    { "https://index.docker.io/v1/": { auth: AUTH } },
    "docker.io",
    PASSWORD,
  ],
  ["Docker Hub's name", { "docker.io": { auth: AUTH } }, "docker.io", PASSWORD],
  [
    "Docker Hub's wire host",
    { "registry-1.docker.io": { auth: AUTH } },
    "docker.io",
    PASSWORD,
  ],
  [
    "no other host of Docker's",
    { "hub.docker.io": { auth: AUTH } },
    "docker.io",
    undefined,
  ],
  [
    "a password with colons",
    { "r.example": { auth: btoa("me:a:b:") } },
    "r.example",
    { username: "me", password: "a:b:" },
  ],
  [
    "a password that is not ASCII",
    { "r.example": { auth: "bcOpOnDDpHNz" } },
    "r.example",
    { username: "mé", password: "päss" },
  ],
  [
    "a password padded with NUL",
    { "r.example": { auth: btoa("me:s3cret\0\0") } },
    "r.example",
    PASSWORD,
  ],
  [
    "user and password as members",
    { "r.example": { username: "me", password: "s3cret", email: "x" } },
    "r.example",
    PASSWORD,
  ],
  [
    "auth before these",
    { "r.example": { auth: AUTH, username: "a", password: "b" } },
    "r.example",
    PASSWORD,
  ],
  [
    "an identity token",
    { "r.example": { auth: btoa("me:"), identitytoken: "s3cret" } },
    "r.example",
    { identityToken: "s3cret", username: "me" },
  ],
  [
    "a bare identity token",
    { "r.example": { identitytoken: "s3cret" } },
    "r.example",
    { identityToken: "s3cret" },
  ],
  [
    "a registry token",
    { "r.example": { auth: AUTH, registrytoken: "s3cret" } },
    "r.example",
    { registryToken: "s3cret" },
  ],
  ["an empty entry", { "r.example": {} }, "r.example", undefined],
  [
    "an inherited name",
    {},
    "constructor",
    undefined,
  ],
];

for (const [name, auths, registry, expected] of LOOKUPS) {
  Deno.test(`DockerConfig.get() reads ${name}`, async () => {
    await inDirectory(async (_, file) => {
      await writeFile(file, JSON.stringify({ auths }));
      assertEquals(await new DockerConfig(file).get(registry), expected);
    });
  });
}

Deno.test("DockerConfig.get() takes missing and empty files for empty", async () => {
  await inDirectory(async (directory, file) => {
    const store = new DockerConfig([join(directory, "no", "file"), file]);
    assertEquals(await store.get("r.example"), undefined);
    for (const text of ["", "\n", "{}", '{"auths":null}']) {
      await writeFile(file, text);
      assertEquals(await store.get("r.example"), undefined);
    }
  });
});

const BAD_FILES: [string, string][] = [
  ["no JSON", '{"auths":{"r.example":{"auth":"czNjcmV0"}'],
  ["a list", '["s3cret"]'],
  ["auths that is no object", '{"auths":["s3cret"]}'],
  ["an entry that is no object", '{"auths":{"r.example":"s3cret"}}'],
  ["auth without a colon", '{"auths":{"r.example":{"auth":"czNjcmV0"}}}'],
  ["auth that is no base64", '{"auths":{"r.example":{"auth":"s3cret!"}}}'],
  ["credHelpers that is no object", '{"credHelpers":"s3cret"}'],
  ["a credsStore that is a path", '{"credsStore":"../../x"}'],
  ["a credsStore that is a flag", '{"credsStore":"-x"}'],
  ["a helper that is a path", '{"credHelpers":{"r.example":"/bin/sh"}}'],
  ["a helper that is a command", '{"credHelpers":{"r.example":"x; sh"}}'],
  ["a helper with NUL", '{"credHelpers":{"r.example":"x\\u0000"}}'],
  ["more than 4 MiB", `{"a":"${"s3cret".repeat(800_000)}"}`],
];

for (const [name, text] of BAD_FILES) {
  Deno.test(`DockerConfig.get() names a file with ${name}, and quotes nothing`, async () => {
    await inDirectory(async (_, file) => {
      await writeFile(file, text);
      const store = new DockerConfig(file);
      const error = await assertRejects(
        () => store.get("r.example"),
        CredentialError,
      );
      assertEquals(error.code, "CREDENTIAL_CONFIG_INVALID");
      assert(error.message.includes(file));
      assertNoSecret(error, SECRETS);
    });
  });
}

Deno.test("DockerConfig.put() leaves a broken file as it is", async () => {
  await inDirectory(async (directory, file) => {
    await writeFile(file, '{"auths":');
    await assertRejects(
      () => new DockerConfig(file).put("r.example", PASSWORD),
      CredentialError,
    );
    assertEquals(await readFile(file, "utf8"), '{"auths":');
    await assertNames(directory, ["config.json"]);
  });
});

Deno.test("DockerConfig.put() makes a private file in a private directory", async () => {
  await inDirectory(async (directory) => {
    const file = join(directory, "a", "b", "config.json");
    const store = new DockerConfig(file);
    await store.put("docker.io", PASSWORD);
    assertEquals(
      await readFile(file, "utf8"),
      `{\n\t"auths": {\n\t\t"https://index.docker.io/v1/": {\n\t\t\t"auth": "${AUTH}"\n\t\t}\n\t}\n}\n`,
    );
    assertEquals(await store.get("docker.io"), PASSWORD);
    if (Deno.build.os !== "windows") {
      assertEquals((await stat(file)).mode & 0o777, 0o600);
      assertEquals((await stat(dirname(file))).mode & 0o777, 0o700);
    }
    await assertNames(dirname(file), ["config.json"]);
  });
});

Deno.test("DockerConfig.put() keeps what it does not know, in its order", async () => {
  await inDirectory(async (directory, file) => {
    const before = {
      zebra: { "b": [1, { "a": null }], "a": "x" },
      auths: { "z.example": { auth: AUTH, email: "e" }, "r.example": {} },
      HttpHeaders: { "X-Meta": "v" },
      plugins: {},
    };
    await writeFile(file, JSON.stringify(before, null, "  "));
    await chmod(file, 0o644);
    const store = new DockerConfig(file);
    await store.put("r.example", { identityToken: "s3cret", username: "me" });
    const after = {
      ...before,
      auths: {
        ...before.auths,
        "r.example": { auth: btoa("me:"), identitytoken: "s3cret" },
      },
    };
    const text = JSON.stringify(after, null, "  ") + "\n";
    assertEquals(await readFile(file, "utf8"), text);
    if (Deno.build.os !== "windows") {
      assertEquals((await stat(file)).mode & 0o777, 0o600);
    }
    await assertNames(directory, ["config.json"]);
  });
});

Deno.test("DockerConfig.put() keeps each kind of credential", async () => {
  await inDirectory(async (_, file) => {
    const store = new DockerConfig(file);
    const credentials: Credential[] = [
      { username: "mé", password: "a:b\u{1F511}" },
      { username: "me", password: "" },
      { identityToken: "s3cret" },
      { identityToken: "s3cret", username: "me" },
      { registryToken: "s3cret" },
    ];
    for (const credential of credentials) {
      await store.put("r.example", credential);
      assertEquals(await store.get("r.example"), credential);
    }
    const error = await rejection(
      store.put("r.example", { username: "a:b", password: "s3cret" }),
    );
    assert(error instanceof TypeError);
    assertNoSecret(error, SECRETS);
  });
});

Deno.test("DockerConfig.delete() forgets every key of the registry", async () => {
  await inDirectory(async (_, file) => {
    await writeFile(
      file,
      JSON.stringify({
        auths: {
          "docker.io": { auth: AUTH },
          "r.example": { auth: AUTH },
          "https://index.docker.io/v1/": { auth: AUTH },
        },
      }),
    );
    const store = new DockerConfig(file);
    assertEquals(await store.delete("docker.io"), true);
    assertEquals(await store.delete("docker.io"), false);
    assertEquals(JSON.parse(await readFile(file, "utf8")), {
      auths: { "r.example": { auth: AUTH } },
    });
  });
});

Deno.test("DockerConfig.delete() makes no file", async () => {
  await inDirectory(async (directory, file) => {
    assertEquals(await new DockerConfig(file).delete("r.example"), false);
    await assertNames(directory, []);
  });
});

Deno.test("DockerConfig reads further files, and changes the first only", async () => {
  await inDirectory(async (directory, file) => {
    const other = join(directory, "other.json");
    const text = JSON.stringify({ auths: { "r.example": { auth: AUTH } } });
    await writeFile(other, text);
    const store = new DockerConfig([file, other]);
    assertEquals(await store.get("r.example"), PASSWORD);
    await store.put("r.example", { registryToken: "t" });
    assertEquals(await store.get("r.example"), { registryToken: "t" });
    assertEquals(await store.delete("r.example"), true);
    assertEquals(await store.get("r.example"), PASSWORD);
    assertEquals(await readFile(other, "utf8"), text);
  });
});

Deno.test("DockerConfig.put() writes through a symbolic link, also a dangling one", async () => {
  await inDirectory(async (directory, file) => {
    await mkdir(join(directory, "real"));
    await symlink(join("real", "target.json"), file);
    const store = new DockerConfig(file);
    for (const registry of ["a.example", "b.example"]) {
      await store.put(registry, PASSWORD);
      assertEquals(await store.get(registry), PASSWORD);
    }
    assertEquals(await readlink(file), join("real", "target.json"));
    await assertNames(join(directory, "real"), ["target.json"]);
    await assertNames(directory, ["config.json", "real"]);
  });
});

Deno.test("DockerConfig.put() loses nothing where many put at once", async () => {
  await inDirectory(async (directory, file) => {
    const registries = Array.from({ length: 20 }, (_, i) => `r${i}.example`);
    await Promise.all(
      registries.map((registry) =>
        new DockerConfig(file).put(registry, PASSWORD)
      ),
    );
    const { auths } = JSON.parse(await readFile(file, "utf8"));
    assertEquals(Object.keys(auths).sort(), registries.sort());
    await assertNames(directory, ["config.json"]);
  });
});

Deno.test("DockerConfig.put() loses nothing where processes put at once", async () => {
  await inDirectory(async (directory, file) => {
    const module = new URL(
      "../../distribution/node/docker_config.ts",
      import.meta.url,
    );
    const script = `
      const { DockerConfig } = await import(${JSON.stringify(module.href)});
      const store = new DockerConfig(Deno.args[0]);
      for (let i = 0; i < 10; i++) {
        await store.put("r" + i + "." + Deno.args[1], { username: "u", password: "p" });
      }`;
    const program = join(directory, "put.ts");
    await writeFile(program, script);
    const results = await Promise.all(
      ["a", "b", "c"].map((name) =>
        new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "-A",
            "--no-lock",
            "--config",
            fileURLToPath(new URL("../../deno.json", import.meta.url)),
            program,
            file,
            name,
          ],
          stderr: "piped",
        }).output()
      ),
    );
    for (const { success, stderr } of results) {
      assert(success, new TextDecoder().decode(stderr));
    }
    const { auths } = JSON.parse(await readFile(file, "utf8"));
    assertEquals(Object.keys(auths).length, 30);
  });
});

Deno.test("DockerConfig.put() takes away a lock that a dead process left", async () => {
  await inDirectory(async (directory, file) => {
    const lock = `${file}.lock`;
    await writeFile(lock, "");
    await utimes(lock, new Date(0), new Date(0));
    await new DockerConfig(file).put("r.example", PASSWORD);
    await assertNames(directory, ["config.json"]);
  });
});

Deno.test("DockerConfig.put() stops waiting for a lock when it is aborted", async () => {
  await inDirectory(async (directory, file) => {
    await writeFile(`${file}.lock`, "");
    const controller = new AbortController();
    const { signal } = controller;
    const pending = new DockerConfig(file).put("r.example", PASSWORD, {
      signal,
    });
    const reason = new Error("enough");
    controller.abort(reason);
    assertEquals(await rejection(pending), reason);
    await assertNames(directory, ["config.json.lock"]);
  });
});

Deno.test("DockerConfig.put() says where it cannot write", async () => {
  await inDirectory(async (directory) => {
    await writeFile(join(directory, "file"), "");
    const file = join(directory, "file", "config.json");
    const error = await assertRejects(
      () => new DockerConfig(file).put("r.example", PASSWORD),
      CredentialError,
    );
    assert(error.message.includes(file));
    assertNoSecret(error, SECRETS);
  });
});

Deno.test("dockerConfigPath() follows DOCKER_CONFIG, then the home directory", () => {
  const ofHome = join("/home/me", ".docker", "config.json");
  assertEquals(
    dockerConfigPath({ DOCKER_CONFIG: "/cfg", HOME: "/home/me" }),
    join("/cfg", "config.json"),
  );
  assertEquals(dockerConfigPath({ HOME: "/home/me" }), ofHome);
  assertEquals(
    dockerConfigPath({ DOCKER_CONFIG: "", HOME: "/home/me" }),
    ofHome,
  );
});

/** A helper in sh that keeps what it is told in files, and logs its arguments. */
const HELPER = `#!/bin/sh
set -eu
echo "$*" >>"$STORE/log"
case "$1" in
get)
  key=$(cat | tr ':/' '__')
  if [ -f "$STORE/$key" ]; then cat "$STORE/$key"
  else echo "credentials not found in native keychain"; exit 1; fi ;;
store)
  text=$(cat)
  key=$(printf %s "$text" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/' | tr ':/' '__')
  printf %s "$text" >"$STORE/$key" ;;
erase)
  key=$(cat | tr ':/' '__')
  if [ -f "$STORE/$key" ]; then rm "$STORE/$key"
  else echo "credentials not found in native keychain"; exit 1; fi ;;
esac
`;

const noShell = Deno.build.os === "windows";

/** Directories with helper programs, and the environment that finds them. */
async function withHelpers(
  programs: Record<string, string>,
  work: (world: {
    file: string;
    store: string;
    env: Record<string, string>;
  }) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory, file) => {
    const [bin, store] = [join(directory, "bin"), join(directory, "store")];
    await mkdir(bin);
    await mkdir(store);
    for (const [name, script] of Object.entries(programs)) {
      const path = join(bin, `docker-credential-${name}`);
      await writeFile(path, script, { mode: 0o755 });
    }
    const env = { PATH: `${bin}:/usr/bin:/bin`, STORE: store };
    await work({ file, store, env });
  });
}

Deno.test({
  name: "DockerConfig keeps credentials in the helper that its file names",
  ignore: noShell,
  async fn() {
    await withHelpers({ keeper: HELPER }, async ({ env, file, store }) => {
      const config = JSON.stringify({ credsStore: "keeper" });
      await writeFile(file, config);
      const docker = new DockerConfig(file, { env });
      assertEquals(await docker.get("docker.io"), undefined);
      await docker.put("docker.io", PASSWORD);
      assertEquals(await docker.get("docker.io"), PASSWORD);
      await docker.put("r.example:5000", { identityToken: "s3cret" });
      assertEquals(await docker.get("r.example:5000"), {
        identityToken: "s3cret",
      });
      assertEquals(
        JSON.parse(await readFile(join(store, "r.example_5000"), "utf8")),
        {
          ServerURL: "r.example:5000",
          Username: "<token>",
          Secret: "s3cret",
        },
      );
      await assertNames(store, [
        "https___index.docker.io_v1_",
        "log",
        "r.example_5000",
      ]);
      assertEquals(await docker.delete("docker.io"), true);
      assertEquals(await docker.delete("docker.io"), false);
      assertEquals(await docker.get("docker.io"), undefined);
      assertEquals(await readFile(file, "utf8"), config);
      // No secret among the arguments.
      assertEquals(
        new Set((await readFile(join(store, "log"), "utf8")).split("\n")),
        new Set(["get", "store", "erase", ""]),
      );
    });
  },
});

Deno.test({
  name: "DockerConfig.get() asks credHelpers, then credsStore, then auths",
  ignore: noShell,
  async fn() {
    const answer = (user: string) =>
      `#!/bin/sh\nread -r server || true\n[ "$server" = both.example ] || [ "$server" = ${user}.example ] || { echo "credentials not found in native keychain"; exit 1; }\nprintf '{"ServerURL":"%s","Username":"${user}","Secret":"s3cret"}' "$server"\n`;
    const programs = { own: answer("own"), general: answer("general") };
    await withHelpers(programs, async ({ env, file }) => {
      const entry = { auth: AUTH };
      const names = ["own", "general", "both", "neither"];
      const registries = names.map((name) => `${name}.example`);
      await writeFile(
        file,
        JSON.stringify({
          credHelpers: Object.fromEntries(
            registries.map((registry) => [registry, "own"]),
          ),
          credsStore: "general",
          auths: Object.fromEntries(
            registries.map((registry) => [registry, entry]),
          ),
        }),
      );
      const docker = new DockerConfig(file, { env });
      const users = [];
      for (const registry of registries) {
        const credential = await docker.get(registry);
        users.push(
          credential && "username" in credential
            ? credential.username
            : credential,
        );
      }
      assertEquals(users, ["own", "general", "own", "me"]);
    });
  },
});

const BAD_HELPERS: [string, string, string][] = [
  ["fails", "#!/bin/sh\necho 's3cret'; echo s3cret >&2; exit 3\n", "code 3"],
  ["gives no JSON", "#!/bin/sh\necho 's3cret'\n", "no JSON"],
  [
    "gives nothing of use",
    '#!/bin/sh\necho \'{"Secret":"s3cret"}\'\n',
    "no credential",
  ],
  ["gives null", "#!/bin/sh\necho null\n", "no credential"],
  [
    "never ends its answer",
    "#!/bin/sh\nexec yes s3cret\n",
    "larger than 1048576 bytes",
  ],
];

for (const [name, script, reason] of BAD_HELPERS) {
  Deno.test({
    name: `DockerConfig.get() names a helper that ${name}, and quotes nothing`,
    ignore: noShell,
    async fn() {
      await withHelpers({ bad: script }, async ({ env, file }) => {
        await writeFile(file, '{"credsStore":"bad"}');
        const docker = new DockerConfig(file, { env });
        const error = await assertRejects(
          () => docker.get("r.example"),
          CredentialError,
        );
        assertEquals(error.code, "CREDENTIAL_HELPER_FAILED");
        assert(error.message.includes("docker-credential-bad"));
        assert(error.message.includes(reason), error.message);
        assertNoSecret(error, SECRETS);
      });
    },
  });
}

Deno.test({
  name: "DockerConfig.get() names a helper that is not there",
  ignore: noShell,
  async fn() {
    await withHelpers({}, async ({ env, file }) => {
      await writeFile(file, '{"credHelpers":{"r.example":"absent"}}');
      const docker = new DockerConfig(file, { env });
      assertEquals(await docker.get("other.example"), undefined);
      const error = await assertRejects(
        () => docker.get("r.example"),
        CredentialError,
      );
      assertEquals(error.code, "CREDENTIAL_HELPER_MISSING");
      assert(error.message.includes("docker-credential-absent"));
    });
  },
});

Deno.test({
  name: "DockerConfig.get() ends a helper when it is aborted",
  ignore: noShell,
  async fn() {
    const programs = { slow: "#!/bin/sh\nexec sleep 600\n" };
    await withHelpers(programs, async ({ env, file }) => {
      await writeFile(file, '{"credsStore":"slow"}');
      const controller = new AbortController();
      const { signal } = controller;
      const pending = new DockerConfig(file, { env }).get("r.example", {
        signal,
      });
      const reason = new Error("enough");
      setTimeout(() => controller.abort(reason), 50);
      assertEquals(await rejection(pending), reason);
    });
  },
});

Deno.test({
  name: "DockerConfig runs no program that its file leads to by a path",
  ignore: noShell,
  async fn() {
    const evil = '#!/bin/sh\necho ran >"$STORE/ran"\n';
    await withHelpers({ evil }, async ({ env, file, store }) => {
      await writeFile(file, '{"credsStore":"x/../docker-credential-evil"}');
      const docker = new DockerConfig(file, { env });
      for (
        const work of [
          () => docker.get("r.example"),
          () => docker.put("r.example", PASSWORD),
          () => docker.delete("r.example"),
        ]
      ) {
        const error = await assertRejects<CredentialError>(
          work,
          CredentialError,
        );
        assertEquals(error.code, "CREDENTIAL_CONFIG_INVALID");
      }
      await assertNames(store, []);
    });
  },
});

Deno.test({
  name: "DockerConfig.get() leaves a file that never ends",
  ignore: noShell,
  async fn() {
    const error = await assertRejects(
      () => new DockerConfig("/dev/zero").get("r.example"),
      CredentialError,
      "it is not a regular file",
    );
    assertEquals(error.code, "CREDENTIAL_CONFIG_INVALID");
  },
});

Deno.test("DockerConfig.get() reads no more than such files have", async () => {
  const path = await Deno.makeTempFile();
  try {
    const size = 4 * 1024 * 1024;
    await Deno.writeTextFile(path, `{}${" ".repeat(size - 2)}`);
    assertEquals(await new DockerConfig(path).get("r.example"), undefined);
    await Deno.writeTextFile(path, " ", { append: true });
    await assertRejects(
      () => new DockerConfig(path).get("r.example"),
      CredentialError,
      `Cannot read ${path}: it is larger than ${size} bytes`,
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("CredentialHelper takes plain names only", () => {
  for (const name of ["", "../x", "a/b", "a b", "-x", "a;b", "a\\b"]) {
    let error: unknown;
    try {
      new CredentialHelper(name);
    } catch (thrown) {
      error = thrown;
    }
    assert(error instanceof TypeError, name);
  }
});
