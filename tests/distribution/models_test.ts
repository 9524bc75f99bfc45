import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  assertErrorResponse,
  assertRepositoryList,
  assertTagList,
  ErrorCodes,
  fromHandler,
  isErrorCode,
  parseErrorResponse,
  parseRepositoryList,
  parseTagList,
  ProtocolError,
  RegistryClient,
  RegistryError,
  statusOfErrorCode,
  validateErrorInfo,
  validateErrorResponse,
  validateRepositoryList,
  validateTagList,
} from "@gantry/oci/distribution";
import { createRegistry } from "@gantry/oci/distribution/server";
import {
  encodeJson,
  JsonError,
  type ValidateOptions,
  ValidationError,
  type ValidationIssue,
} from "@gantry/oci/image";
import { inspect } from "../_support/inspect.ts";

type Validate = (
  value: unknown,
  options?: ValidateOptions,
) => readonly ValidationIssue[];

/** A validator, a value, and where it is wrong at both levels. */
const DOCUMENTS: [string, Validate, unknown, string[], string[]][] = [
  ["tags", validateTagList, { name: "a/b", tags: [] }, [], []],
  ["tags", validateTagList, { name: "a/b", tags: ["v1"], more: 1 }, [], []],
  [
    "tags",
    validateTagList,
    { tags: ["a b", "", "x".repeat(129)] },
    ["$.name", "$.tags[0]", "$.tags[1]", "$.tags[2]"],
    [],
  ],
  [
    "tags",
    validateTagList,
    { name: "A", tags: null },
    ["$.name", "$.tags"],
    [],
  ],
  ["tags", validateTagList, { name: "a" }, ["$.tags"], []],
  [
    "tags",
    validateTagList,
    { name: 1, tags: "v1" },
    ["$.name", "$.tags"],
    ["$.tags"],
  ],
  [
    "tags",
    validateTagList,
    { name: "a", tags: ["v1", null, 2] },
    ["$.tags[1]", "$.tags[2]"],
    ["$.tags[1]", "$.tags[2]"],
  ],
  ["tags", validateTagList, null, ["$"], ["$"]],
  ["tags", validateTagList, ["v1"], ["$"], ["$"]],
  ["repositories", validateRepositoryList, { repositories: ["a/b"] }, [], []],
  ["repositories", validateRepositoryList, { repositories: null }, [
    "$.repositories",
  ], []],
  [
    "repositories",
    validateRepositoryList,
    { repositories: ["a/../b", "A", 1] },
    ["$.repositories[0]", "$.repositories[1]", "$.repositories[2]"],
    ["$.repositories[2]"],
  ],
  ["repositories", validateRepositoryList, "a", ["$"], ["$"]],
  ["errors", validateErrorResponse, { errors: [] }, [], []],
  [
    "errors",
    validateErrorResponse,
    {
      errors: [
        { code: "OWN_CODE", message: "m", detail: [1, { a: null }] },
        { code: "lower", message: 1 },
        { message: "m" },
        { code: "" },
        "DENIED",
      ],
    },
    [
      "$.errors[1].code",
      "$.errors[1].message",
      "$.errors[2].code",
      "$.errors[3].code",
      "$.errors[4]",
    ],
    ["$.errors[2].code", "$.errors[3].code", "$.errors[4]"],
  ],
  ["errors", validateErrorResponse, { errors: {} }, ["$.errors"], ["$.errors"]],
  ["errors", validateErrorResponse, {}, ["$.errors"], ["$.errors"]],
  ["error", validateErrorInfo, { code: "A_B", detail: null }, [], []],
  ["error", validateErrorInfo, { code: 1 }, ["$.code"], ["$.code"]],
];

for (const [kind, validate, value, strict, wire] of DOCUMENTS) {
  Deno.test(`${validate.name}() judges the ${kind} ${JSON.stringify(value).slice(0, 60)}`, () => {
    const paths = (options?: ValidateOptions) =>
      validate(value, options).map(({ path }) => path);
    assertEquals(paths(), strict);
    assertEquals(paths({ level: "wire" }), wire);
  });
}

Deno.test("validateTagList() says what was expected and what was there", () => {
  assertEquals(validateTagList({ name: "a", tags: ["x/y", 7] }), [
    { path: "$.tags[0]", expected: "a tag", actual: '"x/y"' },
    { path: "$.tags[1]", expected: "a string", actual: "7" },
  ]);
});

Deno.test("the models are parsed, keep what they do not know, and go back", () => {
  const tags = { name: "a", tags: ["v1"], next: "x" };
  const list = { repositories: ["a"], next: { x: [1] } };
  const errors = {
    errors: [{ code: "DENIED", detail: { a: 1 }, own: true }],
    trace: "x",
  };
  for (
    const [parse, value] of [
      [parseTagList, tags],
      [parseRepositoryList, list],
      [parseErrorResponse, errors],
    ] as const
  ) {
    const parsed = parse(encodeJson(value));
    assertEquals<unknown>(parsed, value);
    assertEquals(encodeJson(parsed), encodeJson(value));
    assertThrows(() => parse(encodeJson([])), ValidationError);
    assertThrows(
      () => parse(new TextEncoder().encode('{"a":1,"a":2}')),
      JsonError,
    );
    const long = encodeJson({ ...value, padding: "x".repeat(5_000_000) });
    assertThrows(() => parse(long), JsonError);
  }
  assertTagList(tags);
  assertRepositoryList(list);
  assertErrorResponse(errors);
  const error = assertThrows(() => assertTagList({ tags: 1 }), ValidationError);
  assertEquals(error.issues.length, 2);
});

Deno.test("the models are parsed as they come over the wire, unless more is asked", () => {
  const page = encodeJson({ tags: null });
  assertEquals<unknown>(parseTagList(page), { name: "", tags: [] });
  assertThrows(() => parseTagList(page, { level: "schema" }), ValidationError);
  const odd = encodeJson({ name: "a", tags: ["feature/x"] });
  assertEquals(parseTagList(odd).tags, ["feature/x"]);
  const empty = encodeJson({});
  assertEquals<unknown>(parseRepositoryList(empty), { repositories: [] });
  assertThrows(
    () => parseRepositoryList(empty, { level: "schema" }),
    ValidationError,
  );
  const own = encodeJson({ errors: [{ code: "own code" }] });
  assertEquals(parseErrorResponse(own).errors.length, 1);
  // Neither another option nor one that is not given changes the level.
  for (const options of [{ profile: "any" }, { level: undefined }] as const) {
    assertEquals(parseErrorResponse(own, options).errors.length, 1);
  }
  assertThrows(
    () => parseErrorResponse(own, { level: "schema" }),
    ValidationError,
  );
});

Deno.test("parseErrorResponse() reads no more than 64 KiB", () => {
  const body = (size: number) =>
    encodeJson({ errors: [{ code: "A", message: "x".repeat(size) }] });
  assertEquals(parseErrorResponse(body(60_000)).errors[0]?.code, "A");
  assertThrows(() => parseErrorResponse(body(66_000)), JsonError);
});

Deno.test("ErrorCodes has the table of the specification", () => {
  assertEquals(
    Object.values(ErrorCodes).map((code) => [code, statusOfErrorCode(code)]),
    [
      ["BLOB_UNKNOWN", 404],
      ["BLOB_UPLOAD_INVALID", 416],
      ["BLOB_UPLOAD_UNKNOWN", 404],
      ["DENIED", 403],
      ["DIGEST_INVALID", 400],
      ["MANIFEST_BLOB_UNKNOWN", 404],
      ["MANIFEST_INVALID", 400],
      ["MANIFEST_UNKNOWN", 404],
      ["NAME_INVALID", 400],
      ["NAME_UNKNOWN", 404],
      ["SIZE_INVALID", 400],
      ["TOOMANYREQUESTS", 429],
      ["UNAUTHORIZED", 401],
      ["UNSUPPORTED", 405],
    ],
  );
  for (const other of ["", "constructor", "denied", 1, null]) {
    assertEquals(isErrorCode(other), false);
  }
  assertEquals(statusOfErrorCode("toString"), undefined);
});

Deno.test("createRegistry() answers with documents that are valid to the letter", async () => {
  const { fetch } = createRegistry();
  const transport = fromHandler(fetch);
  const client = new RegistryClient("registry.example", { transport });
  const { manifests } = client.repository("team/app");
  const index = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
  const mediaType = "application/vnd.oci.image.index.v1+json";
  await manifests.put("v1", index, { mediaType });
  const answer = async (path: string) => {
    const url = `https://registry.example/v2/${path}`;
    return new Uint8Array(await (await fetch(new Request(url))).arrayBuffer());
  };
  const level = "schema";
  const tags = await answer("team/app/tags/list");
  assertEquals<unknown>(parseTagList(tags, { level }), {
    name: "team/app",
    tags: ["v1"],
  });
  const list = await answer("_catalog");
  assertEquals<unknown>(parseRepositoryList(list, { level }), {
    repositories: ["team/app"],
  });
  for (
    const path of ["none/tags/list", "team/app/manifests/none", "A/tags/list"]
  ) {
    const { errors } = parseErrorResponse(await answer(path), { level });
    assert(errors.every(({ code }) => isErrorCode(code)));
  }
});

Deno.test("RegistryClient refuses pages that are none, and quotes nothing of them", async () => {
  for (
    const [body, words] of [
      ["[]", "expected an object at $ of the answer"],
      ['{"tags":"s3cret"}', "expected an array at $.tags of the answer"],
      ['{"tags":["a",{"s3cret":1}]}', "expected a string at $.tags[1] of"],
    ] as const
  ) {
    const client = new RegistryClient("registry.example", {
      transport: fromHandler(() => new Response(body)),
    });
    const error = await assertRejects(
      () => Array.fromAsync(client.repository("a").tags.list()),
      ProtocolError,
      words,
    );
    assertEquals(error.code, "BODY_INVALID");
    assert(!inspect(error).includes("s3cret"));
  }
});

Deno.test("RegistryError leaves out errors that are none", async () => {
  const errors = [
    null,
    "DENIED",
    { message: "no code" },
    { code: "" },
    { code: 7 },
    { code: "OWN", message: 7 },
  ];
  const client = new RegistryClient("registry.example", {
    transport: fromHandler(() => Response.json({ errors }, { status: 400 })),
  });
  const error = await assertRejects(() => client.ping(), RegistryError);
  assertEquals(error.errors, [{ code: "OWN" }]);
});
