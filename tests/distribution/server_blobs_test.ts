import { assert, assertEquals } from "@std/assert";
import {
  beginUpload,
  digestOf,
  errorCode,
  everywhere,
  pushBlob,
} from "./_registries.ts";

everywhere("createRegistry() answers the base endpoint", async (registry) => {
  for (const path of ["/v2/", "/v2"]) {
    const response = await registry.head(path);
    assertEquals(response.status, 200);
  }
});

everywhere("createRegistry() takes a blob in one POST", async (registry) => {
  const digest = await digestOf("hello");
  const pushed = await registry.head(
    `/v2/team/app/blobs/uploads/?digest=${digest}`,
    { method: "POST", body: "hello" },
  );
  assertEquals(pushed.status, 201);
  assertEquals(pushed.headers.get("docker-content-digest"), digest);
  const pulled = await registry.call(pushed.headers.get("location")!);
  assertEquals(pulled.status, 200);
  assertEquals(pulled.headers.get("docker-content-digest"), digest);
  assertEquals(await pulled.text(), "hello");
});

for (const slash of ["/", ""]) {
  everywhere(
    `createRegistry() takes a blob in POST and PUT, at uploads${slash}`,
    async (registry) => {
      const begun = await registry.head(`/v2/app/blobs/uploads${slash}`, {
        method: "POST",
      });
      assertEquals(begun.status, 202);
      const location = begun.headers.get("location")!;
      const digest = await digestOf("hello");
      const pushed = await registry.head(`${location}?digest=${digest}`, {
        method: "PUT",
        body: "hello",
        headers: { "content-type": "application/octet-stream" },
      });
      assertEquals(pushed.status, 201);
      const head = await registry.head(`/v2/app/blobs/${digest}`, {
        method: "HEAD",
      });
      assertEquals(head.status, 200);
      assertEquals(head.headers.get("content-length"), "5");
      assertEquals(head.headers.get("docker-content-digest"), digest);
    },
  );
}

everywhere(
  "createRegistry() takes sha384 and sha512 with and without a hint",
  async (registry) => {
    for (const algorithm of ["sha384", "sha512"]) {
      for (const hint of ["", `?digest-algorithm=${algorithm}`]) {
        for (const chunked of [false, true]) {
          const text = `${algorithm}${hint}${chunked}`;
          const digest = await digestOf(text, algorithm);
          const begun = await registry.head(`/v2/app/blobs/uploads/${hint}`, {
            method: "POST",
          });
          const location = begun.headers.get("location")!;
          if (chunked) {
            await registry.head(location, { method: "PATCH", body: text });
          }
          const pushed = await registry.head(`${location}?digest=${digest}`, {
            method: "PUT",
            ...(chunked ? {} : { body: text }),
          });
          assertEquals(pushed.status, 201);
          const pulled = await registry.call(`/v2/app/blobs/${digest}`);
          assertEquals(await pulled.text(), text);
        }
      }
    }
  },
);

everywhere("createRegistry() takes an empty blob", async (registry) => {
  const digest = await digestOf("");
  const location = await beginUpload(registry, "app");
  const pushed = await registry.head(`${location}?digest=${digest}`, {
    method: "PUT",
  });
  assertEquals(pushed.status, 201);
  const pulled = await registry.call(`/v2/app/blobs/${digest}`);
  assertEquals(pulled.headers.get("content-length"), "0");
  assertEquals(await pulled.text(), "");
});

everywhere(
  "createRegistry() keeps a blob of some megabytes whole",
  async (registry) => {
    const bytes = new Uint8Array(5_000_001);
    for (let at = 0; at < bytes.length; at += 65_536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    }
    const digest = await digestOf(bytes);
    const location = await beginUpload(registry, "app");
    const pushed = await registry.head(`${location}?digest=${digest}`, {
      method: "PUT",
      body: bytes,
    });
    assertEquals(pushed.status, 201);
    const pulled = await registry.call(`/v2/app/blobs/${digest}`);
    assertEquals(await digestOf(await pulled.bytes()), digest);
    const range = { range: "bytes=262143-1048577" };
    const part = await registry.call(`/v2/app/blobs/${digest}`, {
      headers: range,
    });
    assertEquals(await part.bytes(), bytes.slice(262_143, 1_048_578));
  },
);

const RANGES: readonly {
  range: string;
  status: number;
  body?: string;
  contentRange?: string;
}[] = [
  { range: "bytes=2-4", status: 206, body: "cde", contentRange: "2-4" },
  { range: "bytes=7-", status: 206, body: "hij", contentRange: "7-9" },
  { range: "bytes=-2", status: 206, body: "ij", contentRange: "8-9" },
  { range: "bytes=-99", status: 206, body: "abcdefghij", contentRange: "0-9" },
  { range: "bytes=8-99", status: 206, body: "ij", contentRange: "8-9" },
  { range: "bytes=0-0", status: 206, body: "a", contentRange: "0-0" },
  { range: "bytes=5-4", status: 416 },
  { range: "bytes=10-", status: 416 },
  { range: "bytes=-0", status: 416 },
  { range: "bytes=0-1,3-4", status: 200, body: "abcdefghij" },
  { range: "bytes=-", status: 200, body: "abcdefghij" },
  { range: "lines=1-2", status: 200, body: "abcdefghij" },
  { range: "bytes=a-b", status: 200, body: "abcdefghij" },
];

everywhere("createRegistry() sends ranges of a blob", async (registry) => {
  const digest = await pushBlob(registry, "app", "abcdefghij");
  for (const { range, status, body, contentRange } of RANGES) {
    const response = await registry.call(`/v2/app/blobs/${digest}`, {
      headers: { range },
    });
    const text = await response.text();
    assertEquals([range, response.status], [range, status]);
    if (body !== undefined) assertEquals(text, body);
    const expected = status === 416
      ? "bytes */10"
      : contentRange && `bytes ${contentRange}/10`;
    assertEquals(response.headers.get("content-range"), expected ?? null);
  }
});

everywhere(
  "createRegistry() sends the whole when If-Range names another content",
  async (registry) => {
    const digest = await pushBlob(registry, "app", "abcdefghij");
    const ask = async (condition: string) => {
      const headers = { range: "bytes=0-1", "if-range": condition };
      return await (await registry.call(`/v2/app/blobs/${digest}`, { headers }))
        .text();
    };
    assertEquals(await ask(`"${digest}"`), "ab");
    assertEquals(await ask('"other"'), "abcdefghij");
  },
);

everywhere(
  "createRegistry() answers 304 to those who have the blob",
  async (registry) => {
    const digest = await pushBlob(registry, "app", "hello");
    const response = await registry.head(`/v2/app/blobs/${digest}`, {
      headers: { "if-none-match": `"${digest}"` },
    });
    assertEquals(response.status, 304);
  },
);

everywhere(
  "createRegistry() refuses a blob with another digest, and forgets the upload",
  async (registry) => {
    const digest = await digestOf("hello");
    const location = await beginUpload(registry, "app");
    const refused = await registry.call(`${location}?digest=${digest}`, {
      method: "PUT",
      body: "jello",
    });
    assertEquals(refused.status, 400);
    assertEquals(await errorCode(refused), "DIGEST_INVALID");
    assertEquals((await registry.head(location)).status, 404);
    assertEquals((await registry.head(`/v2/app/blobs/${digest}`)).status, 404);

    const single = await registry.call(
      `/v2/app/blobs/uploads/?digest=${digest}`,
      { method: "POST", body: "jello" },
    );
    assertEquals(single.status, 400);
    assertEquals(await errorCode(single), "DIGEST_INVALID");
  },
);

everywhere(
  "createRegistry() refuses digests that are none with 400",
  async (registry) => {
    const location = await beginUpload(registry, "app");
    const requests: readonly [string, string][] = [
      ["PUT", location],
      ["PUT", `${location}?digest=`],
      ["PUT", `${location}?digest=sha256:abc`],
      ["PUT", `${location}?digest=md5:d41d8cd98f00b204e9800998ecf8427e`],
      ["POST", "/v2/app/blobs/uploads/?digest=sha256:../../etc"],
      ["POST", "/v2/app/blobs/uploads/?digest-algorithm=md5"],
      ["POST", "/v2/app/blobs/uploads/?mount=sha256:xyz&from=other"],
      ["GET", `/v2/app/blobs/sha256:${"A".repeat(64)}`],
      ["GET", "/v2/app/blobs/latest"],
      ["DELETE", "/v2/app/blobs/latest"],
      ["GET", "/v2/app/referrers/latest"],
      ["GET", "/v2/app/manifests/sha256:abc"],
    ];
    for (const [method, path] of requests) {
      const response = await registry.call(path, { method });
      assertEquals([method, path, response.status], [method, path, 400]);
      assertEquals(await errorCode(response), "DIGEST_INVALID");
    }
  },
);

everywhere(
  "createRegistry() mounts a blob that the other repository has",
  async (registry) => {
    const digest = await pushBlob(registry, "one", "shared");
    const mounted = await registry.head(
      `/v2/two/blobs/uploads/?mount=${digest}&from=one`,
      { method: "POST" },
    );
    assertEquals(mounted.status, 201);
    assertEquals(mounted.headers.get("location"), `/v2/two/blobs/${digest}`);
    assertEquals(mounted.headers.get("docker-content-digest"), digest);
    await registry.head(`/v2/one/blobs/${digest}`, { method: "DELETE" });
    const pulled = await registry.call(`/v2/two/blobs/${digest}`);
    assertEquals(await pulled.text(), "shared");
    assertEquals((await registry.head(`/v2/one/blobs/${digest}`)).status, 404);
  },
);

everywhere(
  "createRegistry() begins an upload where it cannot mount",
  async (registry) => {
    const digest = await pushBlob(registry, "one", "shared");
    const other = await digestOf("other");
    for (
      const query of [
        `mount=${other}&from=one`,
        `mount=${digest}&from=none`,
        `mount=${digest}&from=../one`,
        `mount=${digest}&from=`,
        // Whether any repository has the blob is nobody's business.
        `mount=${digest}`,
      ]
    ) {
      const response = await registry.head(`/v2/two/blobs/uploads/?${query}`, {
        method: "POST",
      });
      assertEquals([query, response.status], [query, 202]);
      assertEquals(
        (await registry.head(response.headers.get("location")!)).status,
        204,
      );
    }
    assertEquals((await registry.head(`/v2/two/blobs/${digest}`)).status, 404);
  },
);

everywhere(
  "createRegistry() deletes a blob from its own repository only",
  async (registry) => {
    const digest = await pushBlob(registry, "one", "shared");
    await pushBlob(registry, "two", "shared");
    const path = `/v2/one/blobs/${digest}`;
    assertEquals((await registry.head(path, { method: "DELETE" })).status, 202);
    const again = await registry.call(path, { method: "DELETE" });
    assertEquals(again.status, 404);
    assertEquals(await errorCode(again), "BLOB_UNKNOWN");
    assertEquals((await registry.head(path)).status, 404);
    assertEquals((await registry.head(`/v2/two/blobs/${digest}`)).status, 200);
  },
);

everywhere(
  "createRegistry() takes the same blob many times at once",
  async (registry) => {
    const text = "x".repeat(200_000);
    const digests = await Promise.all(
      Array.from(
        { length: 12 },
        (_, index) => pushBlob(registry, `app${index % 3}`, text),
      ),
    );
    assertEquals(new Set(digests).size, 1);
    for (const repository of ["app0", "app1", "app2"]) {
      const path = `/v2/${repository}/blobs/${digests[0]}`;
      const pulled = await registry.call(path);
      assertEquals(await pulled.text(), text);
    }
  },
);

everywhere(
  "createRegistry() never compresses what it sends",
  async (registry) => {
    const digest = await pushBlob(registry, "app", "a".repeat(10_000));
    const response = await registry.call(`/v2/app/blobs/${digest}`, {
      headers: { "accept-encoding": "gzip, br" },
    });
    assertEquals(response.headers.get("content-encoding"), null);
    assertEquals(response.headers.get("content-length"), "10000");
    assert((await response.text()).length === 10_000);
  },
);
