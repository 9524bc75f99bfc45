import {
  createRegistry,
  type RegistryStorage,
} from "@gantry/oci/distribution/server";
import { assert, assertEquals } from "@std/assert";
import {
  beginUpload,
  client,
  digestOf,
  INDEX,
  MANIFEST,
  manifestText,
  pushBlob,
  putManifest,
  type Registry,
} from "./_registries.ts";

const ROUNDS = 1500;

/** Random numbers that are the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) % below;
  };
}

function pick<Item>(next: (below: number) => number, items: readonly Item[]) {
  return items[next(items.length)]!;
}

/** A registry with some content, and what went wrong inside of it. */
async function withRegistry(
  storage: RegistryStorage,
  run: (registry: Registry, failures: unknown[]) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const { fetch } = createRegistry({
    storage,
    onEvent: (event) => event.type === "error" && failures.push(event),
    schema1: "accept",
  });
  const registry = client((path, init) =>
    fetch(new Request(`http://registry.test${path}`, init))
  );
  await pushBlob(registry, "app", "0123456789");
  await putManifest(registry, "app", "v1", await manifestText());
  await run(registry, failures);
  // It still works, and what was there is still there.
  const blob = await registry.call(
    `/v2/app/blobs/${await digestOf("0123456789")}`,
  );
  assertEquals(await blob.text(), "0123456789");
}

function sound(response: Response, shown: string, failures: unknown[]): void {
  assert(response.status < 500, `${response.status} for ${shown}`);
  assertEquals(failures, [], shown);
  assertEquals(response.headers.get("x-evil"), null, shown);
}

const PIECES = [
  ...["v2", "app", "blobs", "uploads", "manifests", "tags", "list", "a/b"],
  ...["referrers", "_catalog", "..", ".", "", "%2e%2e", "%2f", "%00", "%", "é"],
  ...["%ff", "v1", "sha256:", `sha256:${"0".repeat(64)}`, "x".repeat(300)],
  ...["sha512:abc", "%0d%0aX-Evil:1", "\\\\", ":", "?n=1", "?digest=x", "@"],
  ...["?last=%0d%0a", "?mount=x&from=y", "&tag=a%0ab", "#", "*", "+", "~"],
];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Sends requests for paths of all kinds. */
export function fuzzPaths(storage: RegistryStorage): Promise<void> {
  return withRegistry(storage, async (registry, failures) => {
    const next = random(1);
    for (let round = 0; round < ROUNDS; round++) {
      const pieces = Array.from(
        { length: next(7) },
        () => pick(next, PIECES),
      );
      const start = pick(next, ["/v2/", "/v2/", "/v2/app/", "/"]);
      const path = start + pieces.join(pick(next, ["/", "/", ""]));
      const method = pick(next, METHODS);
      const response = await registry.head(path, { method });
      sound(response, `${method} ${path}`, failures);
    }
  });
}

/** Sends headers of all kinds. */
export function fuzzHeaders(storage: RegistryStorage): Promise<void> {
  return withRegistry(storage, async (registry, failures) => {
    const next = random(2);
    const digest = await digestOf("0123456789");
    const names = [
      ...["content-range", "content-length", "range", "if-none-match"],
      ...["if-range", "content-type", "authorization", "accept"],
      ...["x-forwarded-host", "x-forwarded-for", "transfer-encoding"],
    ];
    const values = [
      ...["", "0", "-1", "1.5", "1e9", "0-9", "9-0", "0-", "-0", "-"],
      ...[
        "bytes=0-1",
        "bytes=1-0",
        "bytes=-",
        "bytes=0-1,2-3",
        "bytes=a-b",
      ],
      ...["bytes=99999999999999999999-", "bytes 0-1/2", "Basic", "Bearer"],
      ...["Basic !!!", "Bearer a.b.c", `"${digest}"`, "W/", "*", ",,,"],
      ...[MANIFEST, `${MANIFEST};;`, "a", "/", "a/b; c", "\u00e9", "x\ty"],
      ..."9".repeat(3).split("").map((nine) => nine.repeat(400)),
    ];
    let location = await beginUpload(registry, "app");
    for (let round = 0; round < ROUNDS; round++) {
      const headers = new Headers();
      for (let n = next(3); n >= 0; n--) {
        headers.append(pick(next, names), pick(next, values));
      }
      const [method, path] = pick(next, [
        ["GET", `/v2/app/blobs/${digest}`],
        ["GET", "/v2/app/manifests/v1"],
        ["PATCH", location],
        ["PUT", `${location}?digest=${digest}`],
        ["POST", `/v2/app/blobs/uploads/?digest=${digest}`],
        ["PUT", "/v2/app/manifests/fuzzed"],
      ]);
      const body = method === "GET" ? null : pick(next, ["", "012", "x"]);
      const response = await registry.head(path!, {
        method: method!,
        headers,
        body,
      });
      const shown = JSON.stringify([method, path, [...headers], body]);
      sound(response, shown, failures);
      if (method !== "GET" && next(20) === 0) {
        location = await beginUpload(registry, "app");
      }
    }
  });
}

/** Pushes manifests of all kinds. */
export function fuzzManifests(storage: RegistryStorage): Promise<void> {
  return withRegistry(storage, async (registry, failures) => {
    const next = random(3);
    const digest = await digestOf("x");
    const descriptor = { mediaType: MANIFEST, digest, size: 1 };
    const leaves: unknown[] = [
      ...[
        null,
        true,
        0,
        -1,
        2,
        1e300,
        "",
        "x",
        digest,
        MANIFEST,
        INDEX,
        [],
      ],
      ...[{}, descriptor, [descriptor], { ...descriptor, size: "1" }],
      ...[{ ...descriptor, digest: "../x" }, "x\r\nX-Evil: 1", "\u0000"],
      ...[[[]], [null], { __proto__: 1, constructor: 2 }],
    ];
    const fields = [
      ...["schemaVersion", "mediaType", "config", "layers", "manifests"],
      ...["subject", "artifactType", "annotations", "signatures"],
      ...["fsLayers", "history", "name", "tag", "architecture", "extra"],
    ];
    const types = [
      ...[
        MANIFEST,
        INDEX,
        "application/vnd.example+json",
        "application/json",
      ],
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      "application/vnd.docker.distribution.manifest.v1+json",
    ];
    for (let round = 0; round < ROUNDS; round++) {
      const document: Record<string, unknown> = next(2) === 0
        ? { schemaVersion: 2 }
        : JSON.parse(await manifestText());
      for (let n = next(4); n >= 0; n--) {
        document[pick(next, fields)] = pick(next, leaves);
      }
      let text = JSON.stringify(document);
      if (next(4) === 0) {
        const at = next(text.length);
        const change = pick(next, [
          "",
          "{",
          '"',
          "\u0000",
          ",",
          "\\",
          "[[",
        ]);
        text = text.slice(0, at) + change + text.slice(at + next(3));
      }
      const path = "/v2/app/manifests/fuzzed";
      const pushed = await registry.head(path, {
        method: "PUT",
        body: text,
        headers: { "content-type": pick(next, types) },
      });
      sound(pushed, text, failures);
      assert(pushed.status === 201 || pushed.status === 400, text);
      if (pushed.status !== 201) continue;
      const pulled = await registry.call(path);
      assertEquals(await pulled.text(), text);
      const subject = pushed.headers.get("oci-subject") ?? digest;
      const found = await registry.head(`/v2/app/referrers/${subject}`);
      sound(found, text, failures);
    }
  });
}
