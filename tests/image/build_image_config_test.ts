import { assertEquals, assertThrows } from "@std/assert";
import {
  appendLayer,
  encodeJson,
  imageConfig,
  validateImageConfig,
} from "@gantry/oci/image";

const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("imageConfig() and appendLayer() give what Go would write", () => {
  const empty = imageConfig({
    platform: { os: "linux", architecture: "arm", variant: "v7" },
    author: "me",
    config: { WorkingDir: "/w", Env: ["A=b"], User: "" },
  });
  const config = appendLayer(
    appendLayer(empty, { diffId: A, createdBy: "ADD a", comment: "base" }),
    { created: new Date("2024-01-02T03:04:05.600Z"), createdBy: "ENV A=b" },
  );
  assertEquals(
    decode(encodeJson(config)),
    '{"created":"2024-01-02T03:04:05.6Z","author":"me","architecture":"arm",' +
      '"os":"linux","variant":"v7","config":{"Env":["A=b"],"WorkingDir":"/w"},' +
      `"rootfs":{"type":"layers","diff_ids":["${A}"]},"history":[` +
      '{"created_by":"ADD a","comment":"base"},' +
      '{"created":"2024-01-02T03:04:05.6Z","created_by":"ENV A=b","empty_layer":true}]}',
  );
  assertEquals(validateImageConfig(config), []);
  assertEquals(empty.rootfs.diff_ids, []);
});

Deno.test("appendLayer() keeps lines of history and layers matching", () => {
  const bare = {
    architecture: "amd64",
    os: "linux",
    created: "2020-01-01T00:00:00Z",
    rootfs: { type: "layers", diff_ids: [A, A] },
    history: null,
    more: { of: "this" },
  } as const;
  assertEquals(appendLayer(bare, { diffId: B }), {
    ...bare,
    rootfs: { type: "layers", diff_ids: [A, A, B] },
    history: [{}, {}, {}],
  });
  const told = { ...bare, history: [{ empty_layer: true }, { comment: "x" }] };
  assertEquals(appendLayer(told, { comment: "y" }).history, [
    { empty_layer: true },
    { comment: "x" },
    {},
    { comment: "y", empty_layer: true },
  ]);
  assertThrows(
    () => appendLayer({ ...bare, history: [{}, {}, {}] }, { diffId: B }),
    TypeError,
    "tells of 3 layers, and it has 2",
  );
});
