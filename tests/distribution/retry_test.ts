import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  ConnectionError,
  type ConnectionErrorCode,
  registryError,
} from "../../distribution/errors.ts";
import type { ClientEvent } from "../../distribution/events.ts";
import { retry } from "../../distribution/retry.ts";
import { parseRetryAfter } from "../../distribution/retry_after.ts";
import {
  decideRetry,
  type RetryDecision,
  type RetryPolicyOptions,
  type RetrySituation,
} from "../../distribution/retry_policy.ts";
import { toSource } from "../../distribution/source.ts";
import { makeTransport } from "../../distribution/transport.ts";
import { assertNoSecret, bodyText, makeRequest, recorder } from "./_layers.ts";

const URL_TEXT = "https://registry.example/v2/app/blobs/x?signature=s3cret";
const EPOCH = Date.UTC(2030, 0, 1);

/** A clock that only sleeping moves, and the pauses that were made. */
function fakeTime() {
  const pauses: number[] = [];
  let now = EPOCH;
  return {
    pauses,
    options: {
      clock: () => now,
      random: () => 0.5,
      sleep: (ms: number) => {
        pauses.push(ms);
        now += ms;
        return Promise.resolve();
      },
    },
  };
}

function fault(code: ConnectionErrorCode): ConnectionError {
  const url = URL_TEXT;
  return new ConnectionError(code, "it is gone", { method: "GET", url });
}

const DECISIONS: [
  string,
  Partial<RetrySituation>,
  RetryPolicyOptions,
  RetryDecision,
][] = [
  ["a 503", {}, {}, { retry: true, delay: 125 }],
  ["a third 503", { attempt: 3 }, {}, { retry: true, delay: 500 }],
  ["a 503 with full jitter's lowest", { random: 0 }, {}, {
    retry: true,
    delay: 0,
  }],
  ["a pause above the cap", { attempt: 5 }, { maxDelay: 100 }, {
    retry: true,
    delay: 50,
  }],
  ["a last attempt", { attempt: 6 }, {}, { retry: false, reason: "attempts" }],
  ["retries switched off", {}, { maxAttempts: 1 }, {
    retry: false,
    reason: "attempts",
  }],
  ["a spent budget", { elapsed: 300_000 }, {}, {
    retry: false,
    reason: "budget",
  }],
  ["a wait that fits", { outcome: { status: 429, retryAfter: 299_000 } }, {}, {
    retry: true,
    delay: 299_000,
  }],
  [
    "a wait that does not fit",
    {
      outcome: { status: 429, retryAfter: 301_000 },
    },
    {},
    { retry: false, reason: "budget" },
  ],
  [
    "a wait shorter than the backoff",
    {
      outcome: { status: 503, retryAfter: 1 },
    },
    {},
    { retry: true, delay: 125 },
  ],
  ["an unknown host", { outcome: { code: "HOST_UNKNOWN" } }, {}, {
    retry: false,
    reason: "final",
  }],
  ["a TLS failure", { outcome: { code: "TLS_FAILED" } }, {}, {
    retry: false,
    reason: "final",
  }],
  ["a cut connection", { outcome: { code: "CONNECTION_RESET" } }, {}, {
    retry: true,
    delay: 125,
  }],
  ["a refused connection", { outcome: { code: "CONNECTION_REFUSED" } }, {}, {
    retry: true,
    delay: 125,
  }],
  [
    "a third refused connection",
    {
      attempt: 3,
      outcome: { code: "CONNECTION_REFUSED" },
    },
    {},
    { retry: false, reason: "attempts" },
  ],
  [
    "a cut PATCH",
    {
      method: "PATCH",
      outcome: { code: "CONNECTION_RESET" },
    },
    {},
    { retry: false, reason: "final" },
  ],
  [
    "a PATCH that met a 500",
    {
      method: "PATCH",
      outcome: { status: 500 },
    },
    {},
    { retry: false, reason: "final" },
  ],
  [
    "a POST that met a 500, which may have acted",
    { method: "POST", outcome: { status: 500 } },
    {},
    { retry: false, reason: "final" },
  ],
  [
    "a POST that does no more when sent twice",
    { method: "POST", idempotent: true, outcome: { status: 500 } },
    {},
    { retry: true, delay: 125 },
  ],
  [
    "a POST whose connection was cut",
    { method: "POST", outcome: { code: "CONNECTION_RESET" } },
    {},
    { retry: false, reason: "final" },
  ],
  [
    "a POST that met an overload",
    { method: "POST", outcome: { status: 503 } },
    {},
    { retry: true, delay: 125 },
  ],
  [
    "a PUT that stalled",
    { method: "PUT", outcome: { code: "STALL_TIMEOUT" } },
    {},
    { retry: true, delay: 125 },
  ],
  [
    "a POST that never got a connection",
    { method: "POST", outcome: { code: "CONNECT_TIMEOUT" } },
    {},
    { retry: true, delay: 125 },
  ],
  [
    "an operation whose time is over",
    { outcome: { code: "DEADLINE_EXCEEDED" } },
    {},
    { retry: false, reason: "final" },
  ],
  [
    "a PATCH that met a 429",
    {
      method: "PATCH",
      outcome: { status: 429 },
    },
    {},
    { retry: true, delay: 125 },
  ],
];

for (const [name, situation, options, expected] of DECISIONS) {
  Deno.test(`decideRetry() decides about ${name}`, () => {
    const base: RetrySituation = {
      method: "GET",
      attempt: 1,
      outcome: { status: 503 },
      elapsed: 0,
      random: 0.5,
    };
    assertEquals(decideRetry({ ...base, ...situation }, options), expected);
  });
}

Deno.test("decideRetry() retries just the statuses that pass by themselves", () => {
  const retried = [];
  for (let status = 200; status < 600; status++) {
    const decision = decideRetry({
      method: "PUT",
      attempt: 1,
      outcome: { status },
      elapsed: 0,
      random: 0,
    });
    if (decision.retry) retried.push(status);
  }
  assertEquals(retried, [408, 425, 429, 500, 502, 503, 504]);
});

const RETRY_AFTER: [string | null, number | undefined][] = [
  [null, undefined],
  ["", undefined],
  ["0", 0],
  ["7", 7_000],
  [" 120 ", 120_000],
  ["1.5", 1_500],
  ["-1", undefined],
  ["1e3", undefined],
  ["soon", undefined],
  ["2030-01-01T00:00:10Z", undefined],
  ["Tue, 01 Jan 2030 00:00:10 GMT", 10_000],
  ["Tuesday, 01-Jan-30 00:00:10 GMT", 10_000],
  ["Tue Jan  1 00:00:10 2030", 10_000],
  ["Mon, 31 Dec 2029 23:59:50 GMT", 0],
];

for (const [header, expected] of RETRY_AFTER) {
  Deno.test(`parseRetryAfter() reads ${JSON.stringify(header)}`, () => {
    assertEquals(parseRetryAfter(header, EPOCH), expected);
  });
}

Deno.test("retry() waits as long as a 429 asks, then succeeds", async () => {
  const time = fakeTime();
  const events: ClientEvent[] = [];
  const { transport, requests } = recorder((_, count) =>
    count === 1
      ? new Response("slow down", {
        status: 429,
        headers: { "retry-after": "Tue, 01 Jan 2030 00:00:42 GMT" },
      })
      : new Response("done")
  );
  const layer = retry(transport, {
    ...time.options,
    onEvent: (event) => events.push(event),
  });
  const response = await layer(makeRequest(URL_TEXT));
  assertEquals(await response.text(), "done");
  assertEquals(time.pauses, [42_000]);
  assertEquals(requests.length, 2);
  assertEquals(events, [{
    type: "retry",
    method: "GET",
    url: "https://registry.example/v2/app/blobs/x?signature=*****",
    attempt: 1,
    delay: 42_000,
    status: 429,
  }]);
  assertNoSecret(events, ["s3cret"]);
});

Deno.test("retry() opens the source again for each attempt", async () => {
  const bodies: string[] = [];
  const { transport } = recorder(async (request, count) => {
    bodies.push(await bodyText(request));
    return new Response(null, { status: count === 1 ? 503 : 201 });
  });
  const layer = retry(transport, fakeTime().options);
  const body = toSource("content");
  const response = await layer(makeRequest(URL_TEXT, { method: "PUT", body }));
  assertEquals(response.status, 201);
  assertEquals(bodies, ["content", "content"]);
});

Deno.test("retry() cancels the bodies of answers that it repeats", async () => {
  let cancelled = 0;
  const { transport } = recorder((_, count) => {
    if (count === 3) return new Response("done");
    const body = new ReadableStream({ cancel: () => void cancelled++ });
    return new Response(body, { status: 502 });
  });
  const response = await retry(transport, fakeTime().options)(
    makeRequest(URL_TEXT),
  );
  assertEquals(await response.text(), "done");
  assertEquals(cancelled, 2);
});

Deno.test("retry() gives the last answer when its attempts are spent", async () => {
  const { transport, requests } = recorder((_, count) =>
    new Response(`answer ${count}`, { status: 503 })
  );
  const response = await retry(transport, fakeTime().options)(
    makeRequest(URL_TEXT),
  );
  assertEquals(await response.text(), "answer 6");
  assertEquals(requests.length, 6);
});

Deno.test("retry() gives an answer that asks for too long a wait at once", async () => {
  const time = fakeTime();
  const { transport, requests } = recorder(() =>
    new Response("later", { status: 429, headers: { "retry-after": "3600" } })
  );
  const response = await retry(transport, time.options)(makeRequest(URL_TEXT));
  assertEquals(response.headers.get("retry-after"), "3600");
  assertEquals(await response.text(), "later");
  assertEquals([time.pauses.length, requests.length], [0, 1]);
});

Deno.test("retry() throws the last fault when its attempts are spent", async () => {
  for (
    const [code, sent] of [
      ["CONNECTION_RESET", 6],
      ["CONNECTION_REFUSED", 3],
      ["HOST_UNKNOWN", 1],
    ] as const
  ) {
    const { transport, requests } = recorder(() => {
      throw fault(code);
    });
    const error = await assertRejects(
      () => retry(transport, fakeTime().options)(makeRequest(URL_TEXT)),
      ConnectionError,
    );
    assertEquals([error.code, requests.length], [code, sent]);
    assertNoSecret(error, ["s3cret"]);
  }
});

Deno.test("retry() repeats where a token service had a passing failure", async () => {
  const { transport } = recorder((_, count) => {
    if (count > 1) return new Response("done");
    throw registryError("Cannot get a token", {
      status: 503,
      method: "GET",
      url: URL_TEXT,
    });
  });
  const response = await retry(transport, fakeTime().options)(
    makeRequest(URL_TEXT),
  );
  assertEquals(await response.text(), "done");
});

Deno.test("retry() passes other errors on", async () => {
  const error = new TypeError("a source that cannot be opened");
  const { transport, requests } = recorder(() => {
    throw error;
  });
  const thrown = await assertRejects(() =>
    retry(transport)(makeRequest(URL_TEXT))
  );
  assertStrictEquals(thrown, error);
  assertEquals(requests.length, 1);
});

Deno.test("retry() ends a pause with the signal's own reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const { transport, requests } = recorder(() =>
    new Response(null, { status: 503, headers: { "retry-after": "200" } })
  );
  const { signal } = controller;
  const layer = retry(transport, { onEvent: () => controller.abort(reason) });
  const thrown = await assertRejects(() =>
    layer(makeRequest(URL_TEXT, { signal }))
  );
  assertStrictEquals(thrown, reason);
  assertEquals(requests.length, 1);

  // Aborted while the real timer runs; the sanitizer would see it if it stayed.
  const second = new AbortController();
  const pending = retry(transport, {
    onEvent: () => queueMicrotask(() => second.abort(reason)),
  })(makeRequest(URL_TEXT, { signal: second.signal }));
  assertStrictEquals(await assertRejects(() => pending), reason);
});

Deno.test("retry() counts its budget from the first failure", async () => {
  let now = EPOCH;
  const { transport, requests } = recorder((_, count) => {
    now += 3_600_000; // an upload of an hour
    return new Response(null, { status: count === 1 ? 503 : 201 });
  });
  const options = { ...fakeTime().options, clock: () => now };
  const response = await retry(transport, options)(
    makeRequest(URL_TEXT, { method: "PUT" }),
  );
  assertEquals([response.status, requests.length], [201, 2]);
});

Deno.test("retry() keeps what the base says of itself", () => {
  const { transport } = recorder(() => new Response());
  const layer = retry(makeTransport(transport, { maxBodySize: 7 }));
  assertEquals(layer.maxBodySize, 7);
  assert(layer.close === undefined);
});

Deno.test("retry() refuses to send nothing", () => {
  const { transport } = recorder(() => new Response());
  for (const maxAttempts of [0, -1, NaN]) {
    assertThrows(() => retry(transport, { maxAttempts }), RangeError);
  }
});
