import { assert, assertEquals } from "@std/assert";
import {
  compactJson,
  indentJson,
  plainJson,
  prettyJson,
  sortKeys,
} from "../../oras/commands/_json.ts";
import { nearest } from "../../oras/commands/_nearest.ts";
import { columnsOf } from "../../oras/commands/render/_columns.ts";
import { ProgressBars } from "../../oras/commands/render/progress_bars.ts";
import { StatusLines } from "../../oras/commands/render/status_lines.ts";
import {
  duration,
  finishedLine,
  liveLine,
  size,
  type Transfer,
} from "../../oras/commands/render/transfer_line.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

const TRANSFER: Transfer = {
  name: "big.bin",
  phase: "uploading",
  digest: DIGEST,
  started: 0,
  updated: 5000,
  transferred: 512 * 1024,
  total: 2 * 1024 * 1024,
  speed: 1024 * 1024,
};

Deno.test("indentJson() changes nothing but the white space", () => {
  const text = '{"a":[1.0,{},[ ],"x\\u003c\\",{:"],"b" : {"c":1e2}\n}';
  assertEquals(
    indentJson(text),
    [
      "{",
      '  "a": [',
      "    1.0,",
      "    {},",
      "    [],",
      '    "x\\u003c\\",{:"',
      "  ],",
      '  "b": {',
      '    "c": 1e2',
      "  }",
      "}",
    ].join("\n"),
  );
  const value = { a: [], b: [{ c: null }, "[,]"], d: {} };
  assertEquals(
    indentJson(JSON.stringify(value)),
    JSON.stringify(value, null, 2),
  );
});

Deno.test("prettyJson() and compactJson() escape as Go does", () => {
  assertEquals(
    compactJson({ a: "<&>\u2028" }),
    '{"a":"\\u003c\\u0026\\u003e\\u2028"}',
  );
  assertEquals(prettyJson({ a: "<" }), '{\n  "a": "\\u003c"\n}');
});

Deno.test("prettyJson() keeps the order of keys, and sorts them where numbers among them lose it", () => {
  assertEquals(prettyJson({ b: 1, a: [] }), '{\n  "b": 1,\n  "a": []\n}');
  assertEquals(
    compactJson({ b: { 9: "x", 10: "y", a: undefined }, a: {} }),
    '{"b":{"10":"y","9":"x"},"a":{}}',
  );
  // By code points, of which the last has two units of UTF-16.
  const letters = { "\u{1f600}": 1, "\uff71": 2, "\xe9": 3 };
  assertEquals(
    compactJson(sortKeys(letters)),
    '{"\xe9":3,"\uff71":2,"\u{1f600}":1}',
  );
});

Deno.test("plainJson() writes what JSON.stringify() writes", () => {
  for (
    const value of [
      null,
      [undefined, 1, "\u2028"],
      { a: undefined, b: { c: [true, {}] }, d: new Date(0) },
      -0,
      NaN,
    ]
  ) assertEquals(plainJson(value), JSON.stringify(value));
  assertEquals(plainJson({ a: 2n ** 64n }), '{"a":18446744073709551616}');
});

Deno.test("sortKeys() sorts at all depths", () => {
  assertEquals(
    JSON.stringify(sortKeys({ b: [{ d: 1, c: 2 }], a: null })),
    '{"a":null,"b":[{"c":2,"d":1}]}',
  );
});

Deno.test("nearest() finds what may have been meant", () => {
  const names = ["push", "pull", "tag", "tags", "serve"];
  assertEquals(nearest("psh", names), ["push"]);
  assertEquals(nearest("tgas", names)[0], "tag");
  assertEquals(nearest("ser", names), ["serve"]);
  assertEquals(nearest("zzzzzz", names), []);
});

Deno.test("liveLine() shows name, bar, share, size, speed and time left", () => {
  assertEquals(
    liveLine(TRANSFER, 100, 0),
    "| Uploading   big.bin                     [=====               ]  25% 512 KB/2.00 MB 1.00 MB/s 1.5s",
  );
  assertEquals(
    liveLine(TRANSFER, 75, 0),
    "| Uploading   big.bin      [==        ]  25% 512 KB/2.00 MB 1.00 MB/s 1.5s",
  );
  assertEquals(
    liveLine(TRANSFER, 60, 0),
    "| Uploading   big.bin     25% 512 KB/2.00 MB 1.00 MB/s 1.5s",
  );
  for (const width of [40, 60, 80, 200]) {
    assert(liveLine(TRANSFER, width, 0).length <= width);
    const long = { ...TRANSFER, name: "n".repeat(300) };
    assert(liveLine(long, width, 0).length <= width);
  }
});

Deno.test("liveLine() and finishedLine() let no control character through", () => {
  const evil = { ...TRANSFER, name: "a\x1b[2Jb\nc" };
  assertEquals(liveLine(evil, 100, 0).includes("a?[2Jb?c"), true);
  assertEquals(
    finishedLine({ ...evil, phase: "uploaded" }, 100, false),
    "✓ Uploaded    0123456789ab a?[2Jb?c 2.00 MB 5.0s",
  );
});

Deno.test("no line of a transfer takes more columns than there are", () => {
  const names = [
    "big.bin",
    "n".repeat(300),
    "日本語のファイル名.txt",
    "🎉é".repeat(30),
  ];
  for (const name of names) {
    for (const width of [8, 10, 20, 39, 40, 59, 60, 79, 80, 200]) {
      const transfer = { ...TRANSFER, name };
      const lines = [
        liveLine(transfer, width, 0),
        liveLine({ ...transfer, total: 0 }, width, 0),
        finishedLine(transfer, width, false),
      ];
      for (const line of lines) {
        assert(columnsOf(line) <= width, `${width}: ${line}`);
      }
    }
  }
  assertEquals(columnsOf("aé日e\u0301🎉"), 7);
});

Deno.test("ProgressBars draws over as many rows as it has drawn, also where these are narrow", () => {
  let screen = "";
  const view = new ProgressBars({
    write: (text) => screen += text,
    columns: () => 12,
    rows: () => 4,
    color: false,
  });
  const descriptor = { mediaType: "a/b", digest: DIGEST, size: 4 };
  for (let index = 0; index < 5; index++) {
    view.onProgress({
      descriptor: { ...descriptor, digest: `${DIGEST.slice(0, -1)}${index}` },
      name: `file-${index}-with-a-long-name`,
      phase: "uploading",
      transferred: 1,
      total: 4,
    });
  }
  view[Symbol.dispose]();
  // Two of five, so that the rows suffice; each within its row.
  const lines = screen.replace("\r\x1b[J", "").trimEnd().split("\n");
  assertEquals(lines.length, 2);
  for (const line of lines) assert(columnsOf(line) <= 12, line);
});

Deno.test("size() keeps three digits, duration() is for people", () => {
  assertEquals(
    [0, 1, 999, 1000, 1536, 10_240, 1024 ** 2 * 100, 1024 ** 3 * 5].map(size),
    [
      "0 B",
      "1 B",
      "999 B",
      "0.98 KB",
      "1.50 KB",
      "10.0 KB",
      "100 MB",
      "5.00 GB",
    ],
  );
  assertEquals(
    [0.04, 9.96, 59.4, 61, 3700].map(duration),
    ["0.0s", "10.0s", "59s", "1m1s", "1h1m"],
  );
});

Deno.test("StatusLines prints each step once", () => {
  const lines: string[] = [];
  using view = new StatusLines({
    write: (line) => lines.push(line),
    width: 9,
    unnamed: true,
  });
  const descriptor = { mediaType: "text/plain", digest: DIGEST, size: 4 };
  const other = { ...descriptor, digest: "sha512:abc" };
  for (const transferred of [0, 2, 4]) {
    view.onProgress(
      { descriptor, name: "x", phase: "uploading", transferred, total: 4 },
    );
  }
  const ended = { phase: "uploaded", transferred: 4, total: 4 } as const;
  view.onProgress({ descriptor, name: "x", ...ended });
  view.onProgress({ descriptor: other, ...ended });
  assertEquals(lines, [
    "Uploading 0123456789ab x",
    "Uploaded  0123456789ab x",
    "Uploaded  sha512:abc text/plain",
  ]);
});

Deno.test("StatusLines lets no control character through", () => {
  const lines: string[] = [];
  using view = new StatusLines({
    write: (line) => lines.push(line),
    width: 9,
    unnamed: true,
  });
  const descriptor = { mediaType: "a/\x9bb", digest: DIGEST, size: 4 };
  const event = {
    descriptor,
    phase: "exists",
    transferred: 0,
    total: 4,
  } as const;
  view.onProgress({ ...event, name: "a\x1b[2Jb\nPulled c" });
  view.onProgress(event);
  assertEquals(lines, [
    "Exists    0123456789ab a?[2Jb?Pulled c",
    "Exists    0123456789ab a/?b",
  ]);
});

Deno.test("ProgressBars leaves a line for all that has ended, and no bar", () => {
  let screen = "";
  {
    using view = new ProgressBars({
      write: (text) => screen += text,
      columns: () => 80,
      rows: () => 24,
      color: true,
    });
    for (const name of ["a", "b"]) {
      const descriptor = {
        mediaType: "x/y",
        digest: DIGEST.replace("0", name),
        size: 4,
      };
      const event = { descriptor, name, total: 4 };
      view.onProgress({ ...event, phase: "downloading", transferred: 0 });
      view.onProgress({ ...event, phase: "downloaded", transferred: 4 });
    }
  }
  const lines = screen.split("\n");
  assertEquals(lines.length, 3);
  assert(lines[0]!.includes("\x1b[32m✓\x1b[0m Downloaded  a123456789ab a"));
  assert(lines[1]!.includes("\x1b[32m✓\x1b[0m Downloaded  b123456789ab b"));
});
