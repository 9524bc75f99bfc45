import { assertEquals } from "@std/assert";
import { parseChallenges } from "../../distribution/auth/challenge.ts";
import { coversScopes, mergeScopes } from "../../distribution/auth/scope.ts";

/** The header, and each challenge as scheme, parameters and token68. */
const CHALLENGES: [
  string | null,
  [string, Record<string, string>?, string?][],
][] = [
  [null, []],
  ["", []],
  [" , ,", []],
  ["Basic", [["basic"]]],
  ['Basic realm="x"', [["basic", { realm: "x" }]]],
  ['BASIC REALM="x", charset="UTF-8"', [["basic", {
    realm: "x",
    charset: "UTF-8",
  }]]],
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    [["bearer", {
      realm: "https://auth.docker.io/token",
      service: "registry.docker.io",
      scope: "repository:a/b:pull,push",
    }]],
  ],
  // A realm with a query of its own, spaces around everything.
  [
    ' Bearer  realm = "https://a.example/t?x=1&y=2" ,\tservice\t=\t"s" ',
    [["bearer", { realm: "https://a.example/t?x=1&y=2", service: "s" }]],
  ],
  // Values without quotes.
  [
    "Bearer realm=https://a.example/t?x=1&y=a=b,service=s,scope=repository:a:pull",
    [["bearer", {
      realm: "https://a.example/t?x=1&y=a=b",
      service: "s",
      scope: "repository:a:pull",
    }]],
  ],
  // Escapes, and things that look like the end inside quotes.
  [
    String.raw`Basic realm="a \"quoted\", Bearer realm=\"x\" \\"`,
    [["basic", { realm: String.raw`a "quoted", Bearer realm="x" \ `.trim() }]],
  ],
  ['Bearer realm="",scope=""', [["bearer", { realm: "", scope: "" }]]],
  ["Bearer realm=x,scope=,service=s", [["bearer", {
    realm: "x",
    scope: "",
    service: "s",
  }]]],
  // Several challenges in one header.
  [
    'Basic realm="x", Bearer realm="y",service="z"',
    [["basic", { realm: "x" }], ["bearer", { realm: "y", service: "z" }]],
  ],
  [
    'Negotiate, Basic realm="x"',
    [["negotiate"], ["basic", { realm: "x" }]],
  ],
  [
    'Negotiate YII=, NTLM TlRMTVNTUAAB==, Basic realm="x"',
    [["negotiate", {}, "YII="], ["ntlm", {}, "TlRMTVNTUAAB=="], [
      "basic",
      { realm: "x" },
    ]],
  ],
  [
    'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
    [["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }], [
      "basic",
      { realm: "simple" },
    ]],
  ],
  // Empty list elements are allowed.
  [',, Basic realm="x",, ,Bearer realm="y",', [["basic", { realm: "x" }], [
    "bearer",
    { realm: "y" },
  ]]],
  // No comma between parameters.
  ['Bearer realm="y" service="z"', [["bearer", { realm: "y", service: "z" }]]],
  // No scheme at all.
  ['realm="y",service="z"', [["bearer", { realm: "y", service: "z" }]]],
  // A quote that is never closed.
  ['Bearer realm="y,service=z', [["bearer", { realm: "y,service=z" }]]],
  // The first of a repeated name counts.
  ['Bearer realm="a",realm="b"', [["bearer", { realm: "a" }]]],
  // What cannot be read ends the list.
  ['Basic realm="x", (nonsense)', [["basic", { realm: "x" }]]],
  ['"quoted"', []],
];

for (const [header, expected] of CHALLENGES) {
  Deno.test(`parseChallenges() reads ${header}`, () => {
    assertEquals(
      parseChallenges(header).map(({ scheme, parameters, token68 }) => ({
        scheme,
        parameters: Object.fromEntries(parameters),
        token68,
      })),
      expected.map(([scheme, parameters = {}, token68]) => ({
        scheme,
        parameters,
        token68,
      })),
    );
  });
}

Deno.test("parseChallenges() reads the scheme before long nonsense, and no endless time", () => {
  const long = "a=".repeat(50_000) + '"' + "\\".repeat(50_001) +
    ",".repeat(50_000);
  for (
    const [header, schemes] of [
      [`Bearer ${long}`, ["bearer"]],
      [" ".repeat(100_000) + "x", ["x"]],
      ["=".repeat(100_000), []],
      [`Basic ${"a".repeat(50_000)} ${"=".repeat(50_000)}`, ["basic"]],
    ] as const
  ) {
    const found = parseChallenges(header).map(({ scheme }) => scheme);
    assertEquals<readonly string[]>(found, schemes);
  }
});

const SCOPES: [string[], string[]][] = [
  [[], []],
  [[""], []],
  [["repository:a:pull"], ["repository:a:pull"]],
  [["repository:a:push,pull"], ["repository:a:pull,push"]],
  [["repository:a:push", "repository:a:pull,push"], ["repository:a:pull,push"]],
  [["repository:b:pull repository:a:pull"], [
    "repository:a:pull",
    "repository:b:pull",
  ]],
  [["repository:a:*", "repository:a:pull"], ["repository:a:*"]],
  [["repository:host:5000/a:pull", "repository:host:5000/a:push"], [
    "repository:host:5000/a:pull,push",
  ]],
  [["registry:catalog:*"], ["registry:catalog:*"]],
  [["aws", "aws"], ["aws"]],
  [["repository:a:"], []],
  [["repository:a:pull,,pull"], ["repository:a:pull"]],
];

for (const [scopes, expected] of SCOPES) {
  Deno.test(`mergeScopes() merges ${JSON.stringify(scopes)}`, () => {
    assertEquals(mergeScopes(scopes), expected);
  });
}

Deno.test("coversScopes() tells whether a token serves", () => {
  const held = ["repository:a:pull,push", "repository:b:pull"];
  assertEquals(coversScopes(held, ["repository:a:pull"]), true);
  assertEquals(coversScopes(held, held), true);
  assertEquals(coversScopes(held, ["repository:b:pull,push"]), false);
  assertEquals(coversScopes(held, ["repository:c:pull"]), false);
  assertEquals(coversScopes(["repository:a:*"], ["repository:a:delete"]), true);
  assertEquals(coversScopes(held, []), false);
});
