import { EMPTY_DESCRIPTOR, MediaTypes } from "@gantry/oci/image";
import { gzipSync } from "node:zlib";

/** Gives a random number from 0 to below a limit. */
export type Random = (below: number) => number;

/** Random numbers that are the same in every run. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) % below;
  };
}

/** One of some. */
export function pick<Item>(next: Random, items: readonly Item[]): Item {
  return items[next(items.length)]!;
}

const D0 = `sha256:${"0".repeat(64)}`;
const HOME = "https://registry.example";
const EVIL = "https://evil.example";

const STATUSES = [
  ...[200, 200, 200, 201, 201, 202, 202, 204, 206, 206, 207, 299],
  ...[300, 301, 302, 303, 304, 307, 307, 308, 399],
  ...[400, 401, 401, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412],
  ...[413, 414, 416, 418, 422, 429, 431, 451, 499],
  ...[500, 501, 502, 503, 504, 505, 511, 599],
];

const SIZES = [
  ...["0", "1", "2", "4", "10", "1000", "1048576", "4194305", "-1", "+1"],
  ...["1e3", "0x10", "abc", "", " ", "9007199254740993", "NaN", "Infinity"],
  ...["99999999999999999999999", "1, 1", "1.5"],
];

/** Values for headers that say something; `$` is where a secret is quoted. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  "location": [
    ...["", "/", "//", "///", "?", "#", "..", "/v2/app/blobs/uploads/1?a=%2F"],
    ...["http://", "https://", "javascript:1", "data:,x", "file:///etc/passwd"],
    ...[`${HOME}/v2/app/blobs/uploads/2`, `${HOME}:443/x`, `${HOME}:444/x`],
    ...[`${EVIL}/x?sig=$`, `https://me:$@evil.example/`, "http://127.0.0.1/"],
    ...["http://registry.example/x", "https://169.254.169.254/", "https://[/"],
    ...[
      "\\\\evil.example\\x",
      "https://registry.example@evil.example/",
      "\xff",
    ],
    "x".repeat(20_000),
  ],
  "link": [
    ...["", "<", "<>", "<>; rel=next", "</>; rel=next", '<?n=1>; rel="next"'],
    ...['</v2/app/tags/list?last=b>; rel="next"', "<https://[>; rel=next"],
    ...[`<${EVIL}/v2/>; rel="next"`, "<x>;;;;rel=next", "<x>; rel", "\xff"],
    ...[",".repeat(20_000), "<a>; rel=x ".repeat(2_000), "<".repeat(20_000)],
  ],
  "www-authenticate": [
    ...["", "Bearer", "Basic", "Bearer realm", "Bearer realm=", ",,,,", "="],
    ...[`Bearer realm="${HOME}/token"`, `Bearer realm="${EVIL}/token?$"`],
    ...[`Bearer realm="/token",scope="repository:app:pull,push"`, 'realm="x"'],
    ...['Bearer realm="http://127.0.0.1/"', 'Bearer realm="file:///x"', "\xff"],
    ...[`Bearer realm="${HOME}/token",scope="${"a ".repeat(5_000)}"`, "\\"],
    ...['Basic realm="$"', `Negotiate ${"a".repeat(9_000)}`, 'Bearer realm="'],
  ],
  "content-range": [
    ...["", "bytes", "bytes 0-", "bytes 0-1/2", "bytes 5-9/10", "bytes 9-5/10"],
    ...["bytes -1-4/4", "bytes */10", "0-4/10", "bytes 5-9/*", "x", "\xff"],
  ],
  "content-length": SIZES,
  "content-encoding": ["gzip", "identity", "br", "x-gzip", "gzip, gzip", "x"],
  "content-type": [
    ...Object.values(MediaTypes),
    ...["", "text/html", "application/json; charset=utf-8", "/", ";", "\xff"],
  ],
  "docker-content-digest": [
    ...["", D0, "sha256:", ":", "x", "sha256:../../x", "md5:00", "\xff", "$"],
    ...[
      `sha256:${"A".repeat(64)}`,
      `sha512:${"0".repeat(128)}`,
      `${D0}, ${D0}`,
    ],
  ],
  "retry-after": [
    ...SIZES,
    ...["Fri, 31 Dec 2100 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"],
    ...["880.092us", "soon", "\xff"],
  ],
  "oci-chunk-min-length": SIZES,
  "oci-chunk-max-length": SIZES,
  "range": [
    ...["", "0-0", "0--1", "0-", "-", "0-4", "0-9", "5-1", "bytes=0-4", "x"],
    ...["0-99999999999999999999", "1-4", "0-1048575", "\xff"],
  ],
  "oci-tag": ["", "v1", "v2, v1", ",,,", "x".repeat(9_000), "\xff"],
  "oci-subject": ["", D0, "x"],
  "oci-filters-applied": ["", "artifactType", "x, ARTIFACTTYPE", ",,"],
  "warning": [
    '299 - "$"',
    "299",
    '299 - "',
    '299 - "a", '.repeat(2_000),
    "\xff",
  ],
  "etag": ["", '"x"', 'W/"x"', "x y", "\xff"],
  "date": ["x", "Thu, 01 Jan 1970 00:00:00 GMT"],
};

const IMAGE = {
  schemaVersion: 2,
  config: EMPTY_DESCRIPTOR,
  layers: [EMPTY_DESCRIPTOR],
};
const INDEX = { schemaVersion: 2, manifests: [EMPTY_DESCRIPTOR] };
const TEXTS = [
  ...["", "null", "[]", "{}", "0", '"', "true", "{", '{"tags":5}', "\0", "$"],
  ...['{"tags":null}', '{"tags":[1,null,{},"a","\\u001b[2J"]}', '{"tags":{}}'],
  ...['{"repositories":["a",3]}', '{"token":"t-ok"}', '{"token":"a b"}'],
  ...['{"access_token":"t-ok","expires_in":-1}', '{"token":5}', '{"token":""}'],
  ...['{"token":"t-ok","expires_in":1e308,"issued_at":"x"}'],
  ...['{"errors":null}', '{"errors":[]}', '{"errors":[null,1,{"code":5}]}'],
  ...['{"errors":[{"code":"DENIED","message":"$","detail":{"a":"$"}}]}'],
  ...['{"errors":[{"code":"\\u001b[31m","message":"\\r\\n\\u0000"}]}'],
  ...['{"error":"invalid","error_description":"$"}', "<html>$</html>"],
  ...["[".repeat(50_000), `{"a":`.repeat(20_000), '{"__proto__":{"x":1}}'],
  ...[JSON.stringify(IMAGE), JSON.stringify(INDEX)],
  ...[
    JSON.stringify({ ...IMAGE, ...INDEX }),
    JSON.stringify({ schemaVersion: 1 }),
  ],
  ...[
    JSON.stringify({ ...IMAGE, mediaType: MediaTypes.manifest, subject: {} }),
    JSON.stringify({ ...IMAGE, layers: [{ digest: "x", size: -1 }] }),
    JSON.stringify({ ...INDEX, manifests: Array(2000).fill(EMPTY_DESCRIPTOR) }),
    JSON.stringify({
      ...INDEX,
      mediaType: MediaTypes.index,
      manifests: [{ ...EMPTY_DESCRIPTOR, mediaType: MediaTypes.index }],
    }),
  ],
];

/** What evil answers are made with. */
export interface EvilOptions {
  /** What they quote wherever they can. */
  readonly quoted: string;
  /** What a body that breaks off fails with. */
  readonly cut: () => Error;
}

/** An answer that nobody would expect. It quotes what it is given, wherever it can. */
export function evilAnswer(next: Random, options: EvilOptions): Response {
  const { quoted } = options;
  const status = pick(next, STATUSES);
  const headers = new Headers();
  const names = Object.keys(HEADERS);
  for (let count = next(5); count > 0; count--) {
    const name = pick(next, names);
    headers.set(name, quote(pick(next, HEADERS[name]!), quoted));
  }
  if (status >= 300 && status < 400 && next(2) === 0) {
    headers.set("location", quote(pick(next, HEADERS["location"]!), quoted));
  }
  if (status === 401 && next(4) > 0) {
    const challenge = pick(next, HEADERS["www-authenticate"]!);
    headers.set("www-authenticate", quote(challenge, quoted));
  }
  const bodyless = [204, 205, 304].includes(status);
  const body = bodyless ? null : evilBody(next, options);
  return new Response(body, { status, headers });
}

/** Puts what is quoted in its place, as headers can carry it. */
function quote(text: string, quoted: string): string {
  return text.replaceAll("$", () => quoted);
}

function evilBody(
  next: Random,
  { cut, quoted }: EvilOptions,
): BodyInit | null {
  switch (next(12)) {
    case 0:
      return null;
    case 1:
      return endless(next);
    case 2:
      return broken(next, cut);
    case 3:
      return Uint8Array.from({ length: next(5_000) }, () => next(256));
    case 4:
      return Uint8Array.from(gzipSync(pick(next, TEXTS)));
    case 5:
      return Uint8Array.from(gzipSync(new Uint8Array(5 * 1024 * 1024)));
    case 6: {
      const text = pick(next, TEXTS);
      return text.slice(0, next(text.length + 1));
    }
    default:
      return quote(pick(next, TEXTS), quoted);
  }
}

function endless(next: Random): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024).fill(next(256));
  return new ReadableStream({
    pull: (controller) => controller.enqueue(chunk.slice()),
  });
}

function broken(next: Random, cut: () => Error): ReadableStream<Uint8Array> {
  let left = next(4);
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(1 + next(5_000)));
      else controller.error(cut());
    },
  });
}
