/** What the distribution specification demands of a registry: pushes of blobs. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  beginUpload,
  digestOf,
  errorCode,
  everywhere,
  pushBlob,
  type Registry,
} from "./_registries.ts";

/** Sends a chunk; its answer's body is there where it was refused. */
async function patch(
  registry: Registry,
  location: string,
  body: BodyInit,
  range?: string,
): Promise<Response> {
  const response = await registry.call(location, {
    method: "PATCH",
    body,
    ...(range === undefined ? {} : { headers: { "content-range": range } }),
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  } as RequestInit);
  if (response.ok) await response.body?.cancel();
  return response;
}

/** Closes an upload, and makes sure that the content is there. */
async function finish(
  registry: Registry,
  location: string,
  whole: string,
  algorithm = "sha256",
): Promise<void> {
  const digest = await digestOf(whole, algorithm);
  const done = await registry.head(`${location}?digest=${digest}`, {
    method: "PUT",
  });
  assertEquals(done.status, 201);
  const pulled = await registry.call(`/v2/app/blobs/${digest}`);
  assertEquals(await pulled.text(), whole);
}

function streamOf(...parts: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(encoder.encode(part));
      controller.close();
    },
  });
}

everywhere(
  "R23 a digest that is none is refused with 400",
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
      ["PUT", "/v2/app/manifests/sha256:abc"],
    ];
    for (const [method, path] of requests) {
      const response = await registry.call(path, { method });
      assertEquals([method, path, response.status], [method, path, 400]);
      assertEquals(await errorCode(response), "DIGEST_INVALID");
    }
  },
);

everywhere("R23 two digests are refused with 400", async (registry) => {
  const digest = await digestOf("x");
  const twice = `digest=${digest}&digest=${digest}`;
  const location = await beginUpload(registry, "app");
  const requests = [["PUT", location], ["POST", "/v2/app/blobs/uploads/"]];
  for (const [method, path] of requests) {
    const init = { method: method!, body: "x" };
    const response = await registry.call(`${path}?${twice}`, init);
    assertEquals(response.status, 400);
    assertEquals(await errorCode(response), "DIGEST_INVALID");
  }
});

everywhere("R24 an upload begins with 202 and a Location", async (registry) => {
  for (const slash of ["/", ""]) {
    const path = `/v2/app/blobs/uploads${slash}`;
    const begun = await registry.head(path, { method: "POST" });
    assertEquals(begun.status, 202);
    const location = begun.headers.get("location")!;
    assertEquals((await registry.head(location)).status, 204);
  }
});

everywhere(
  "R25 every upload has an identifier of its own",
  async (registry) => {
    const one = await beginUpload(registry, "app");
    const two = await beginUpload(registry, "app");
    assertNotEquals(one, two);
    await registry.head(one, { method: "PATCH", body: "one" });
    const digest = await digestOf("two");
    const done = await registry.head(`${two}?digest=${digest}`, {
      method: "PUT",
      body: "two",
    });
    assertEquals(done.status, 201);
    assertEquals((await registry.head(one)).headers.get("range"), "0-2");
  },
);

everywhere(
  "R25 a tampered upload is 404 and harms no other",
  async (registry) => {
    const location = await beginUpload(registry, "app");
    const id = location.split("/").at(-1)!;
    const digest = await digestOf("");
    const tampered = [
      location.replace("/v2/app/", "/v2/other/"),
      location.replace(id, id.toUpperCase() + "0"),
      location.replace(id, crypto.randomUUID()),
      location.replace(id, `${id}.tmp`),
      location.replace(id, "x"),
    ];
    for (const path of tampered) {
      for (const method of ["GET", "PATCH", "PUT", "DELETE"]) {
        const response = await registry.call(`${path}?digest=${digest}`, {
          method,
        });
        assertEquals([method, path, response.status], [method, path, 404]);
        assertEquals(await errorCode(response), "BLOB_UPLOAD_UNKNOWN");
      }
    }
    assertEquals((await registry.head(location)).status, 204);
  },
);

everywhere("R28 a PUT is answered with the blob's URL", async (registry) => {
  for (const text of ["hello", ""]) {
    const digest = await digestOf(text);
    const location = await beginUpload(registry, "team/app");
    const pushed = await registry.head(`${location}?digest=${digest}`, {
      method: "PUT",
      body: text,
      headers: { "content-type": "application/octet-stream" },
    });
    assertEquals(pushed.status, 201);
    const pulled = await registry.call(pushed.headers.get("location")!);
    assertEquals([pulled.status, await pulled.text()], [200, text]);
  }
});

everywhere("R29 a blob is taken in one POST", async (registry) => {
  for (const algorithm of ["sha256", "sha384", "sha512"]) {
    const digest = await digestOf("hello", algorithm);
    const path = `/v2/app/blobs/uploads/?digest=${digest}`;
    const pushed = await registry.head(path, { method: "POST", body: "hello" });
    assertEquals(pushed.status, 201);
    assertEquals(pushed.headers.get("docker-content-digest"), digest);
    const pulled = await registry.call(pushed.headers.get("location")!);
    assertEquals(await pulled.text(), "hello");
  }
});

everywhere("R29 content with another digest is refused", async (registry) => {
  const digest = await digestOf("hello");
  const location = await beginUpload(registry, "app");
  const refused = await registry.call(`${location}?digest=${digest}`, {
    method: "PUT",
    body: "jello",
  });
  assertEquals(refused.status, 400);
  assertEquals(await errorCode(refused), "DIGEST_INVALID");
  // Wrong content cannot become right: the upload is gone.
  assertEquals((await registry.head(location)).status, 404);
  const path = `/v2/app/blobs/uploads/?digest=${digest}`;
  const single = await registry.call(path, { method: "POST", body: "jello" });
  assertEquals(single.status, 400);
  assertEquals(await errorCode(single), "DIGEST_INVALID");
  assertEquals((await registry.head(`/v2/app/blobs/${digest}`)).status, 404);
});

everywhere(
  "R31 every algorithm goes with a hint and without",
  async (registry) => {
    for (const algorithm of ["sha256", "sha384", "sha512"]) {
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

everywhere("R32 chunks may have any size", async (registry) => {
  const begun = await registry.head("/v2/app/blobs/uploads/", {
    method: "POST",
  });
  assertEquals(begun.headers.get("oci-chunk-min-length"), null);
  const location = begun.headers.get("location")!;
  for (const [index, letter] of [..."abc"].entries()) {
    const range = `${index}-${index}`;
    assertEquals((await patch(registry, location, letter, range)).status, 202);
  }
  await finish(registry, location, "abc");
});

const CHUNK_RANGES = [
  ["bytes 0-2/3", "BLOB_UPLOAD_INVALID"],
  ["bytes=0-2", "BLOB_UPLOAD_INVALID"],
  ["0-2/3", "BLOB_UPLOAD_INVALID"],
  ["2-0", "BLOB_UPLOAD_INVALID"],
  ["-", "BLOB_UPLOAD_INVALID"],
  ["0-", "BLOB_UPLOAD_INVALID"],
  ["-2", "BLOB_UPLOAD_INVALID"],
  ["a-b", "BLOB_UPLOAD_INVALID"],
  ["0-99999999999999999999", "BLOB_UPLOAD_INVALID"],
  ["0-9", "SIZE_INVALID"],
  ["0-1", "SIZE_INVALID"],
] as const;

everywhere("R33 a chunk's range is first-last", async (registry) => {
  for (const [range, code] of CHUNK_RANGES) {
    const location = await beginUpload(registry, "app");
    const response = await registry.call(location, {
      method: "PATCH",
      body: "abc",
      headers: { "content-range": range, "content-length": "3" },
    });
    assertEquals([range, response.status], [range, 400]);
    assertEquals([range, await errorCode(response)], [range, code]);
    assertEquals((await registry.head(location)).status, 204);
  }
});

everywhere("R34 a stream is as long as its range", async (registry) => {
  for (const range of ["0-9", "0-0"]) {
    const location = await beginUpload(registry, "app");
    const response = await patch(registry, location, streamOf("abc"), range);
    assertEquals([range, response.status], [range, 400]);
    assertEquals(await errorCode(response), "SIZE_INVALID");
    assertEquals((await registry.head(location)).status, 204);
  }
});

everywhere("R35 a chunk is answered with the whole range", async (registry) => {
  const location = await beginUpload(registry, "app");
  const first = await patch(registry, location, "abc", "0-2");
  assertEquals([first.status, first.headers.get("range")], [202, "0-2"]);
  const next = first.headers.get("location")!;
  const second = await patch(registry, next, "defg", "3-6");
  assertEquals([second.status, second.headers.get("range")], [202, "0-6"]);
  // Any earlier Location still is good.
  await finish(registry, location, "abcdefg");
});

everywhere("R35 a stream without a range is one chunk", async (registry) => {
  const location = await beginUpload(registry, "app");
  const body = streamOf("one ", "two ", "three");
  const { status, headers } = await patch(registry, location, body);
  assertEquals([status, headers.get("range")], [202, "0-12"]);
  await finish(registry, location, "one two three");
});

everywhere("R37 a chunk out of order is 416", async (registry) => {
  const location = await beginUpload(registry, "app");
  const early = await patch(registry, location, "def", "3-5");
  assertEquals(early.status, 416);
  assertEquals(await errorCode(early), "BLOB_UPLOAD_INVALID");
  await patch(registry, location, "abc", "0-2");
  for (const range of ["0-2", "1-3", "4-6"]) {
    const wrong = await patch(registry, location, "abc", range);
    assertEquals([range, wrong.status], [range, 416]);
    assertEquals(wrong.headers.get("range"), "0-2");
    assertEquals(wrong.headers.get("location"), location);
    await wrong.body?.cancel();
  }
});

everywhere(
  "R37 two chunks at once are one after the other",
  async (registry) => {
    const location = await beginUpload(registry, "app");
    const both = await Promise.all(
      ["abc", "xyz"].map((text) => patch(registry, location, text, "0-2")),
    );
    for (const { ok, body } of both) if (!ok) await body?.cancel();
    assertEquals(both.map(({ status }) => status).sort(), [202, 416]);
  },
);

everywhere("R38 a last chunk out of order is 416", async (registry) => {
  const location = await beginUpload(registry, "app");
  await patch(registry, location, "abc", "0-2");
  const digest = await digestOf("abcdef");
  const close = (range: string) =>
    registry.call(`${location}?digest=${digest}`, {
      method: "PUT",
      body: "def",
      headers: { "content-range": range },
    });
  for (const range of ["9-11", "0-2", "2-4"]) {
    const refused = await close(range);
    assertEquals([range, refused.status], [range, 416]);
    assertEquals(await errorCode(refused), "BLOB_UPLOAD_INVALID");
  }
  const done = await close("3-5");
  await done.body?.cancel();
  assertEquals(done.status, 201);
});

everywhere("R40 a last chunk may ride on the PUT", async (registry) => {
  const location = await beginUpload(registry, "app");
  await patch(registry, location, "abcdefg");
  const digest = await digestOf("abcdefghij");
  const done = await registry.head(`${location}?digest=${digest}`, {
    method: "PUT",
    body: "hij",
    headers: { "content-range": "7-9" },
  });
  assertEquals(done.status, 201);
  const pulled = await registry.call(done.headers.get("location")!);
  assertEquals(await pulled.text(), "abcdefghij");
  assertEquals((await registry.head(location)).status, 404);
});

everywhere("R41 an upload tells how far it is", async (registry) => {
  const location = await beginUpload(registry, "app");
  const ask = async () => {
    const { status, headers } = await registry.head(location);
    return [status, headers.get("location"), headers.get("range")];
  };
  assertEquals(await ask(), [204, location, "0-0"]);
  await patch(registry, location, "abc");
  assertEquals(await ask(), [204, location, "0-2"]);
});

everywhere(
  "R42 an upload is cancelled in the middle of a chunk that does not end",
  async (registry) => {
    const location = await beginUpload(registry, "app");
    let stop = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        stop = () => controller.close();
        controller.enqueue(new TextEncoder().encode("abc"));
      },
      cancel() {
        stop = () => {};
      },
    });
    // fetch may give up on sending before it reads the answer.
    const chunk = registry.head(location, { method: "PATCH", body })
      .then(({ status }) => status, () => 404);
    while (true) {
      const { status, headers } = await registry.head(location);
      assertEquals(status, 204);
      if (headers.get("range") === "0-2") break;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const gone = await registry.head(location, { method: "DELETE" });
    assertEquals(gone.status, 204);
    stop();
    assertEquals(await chunk, 404);
    assertEquals((await registry.head(location)).status, 404);
  },
);

everywhere("R42 an upload is cancelled", async (registry) => {
  const location = await beginUpload(registry, "app");
  const cancel = () => registry.call(location, { method: "DELETE" });
  assertEquals((await cancel()).status, 204);
  for (const late of [await cancel(), await patch(registry, location, "abc")]) {
    assertEquals(late.status, 404);
    assertEquals(await errorCode(late), "BLOB_UPLOAD_UNKNOWN");
  }
});

everywhere("R43 an upload that is too old is dropped", async (registry) => {
  const old = await beginUpload(registry, "app");
  // An expiry of nothing: whatever was written before now is too old.
  while ((await registry.head(old)).status !== 404) {
    await beginUpload(registry, "app");
  }
}, { uploadExpiry: 0 });

everywhere("R44 an upload goes on after 416", async (registry) => {
  const location = await beginUpload(registry, "app");
  for (const text of ["abc", "def"]) {
    const wrong = await patch(registry, location, text, "90-92");
    assertEquals(wrong.status, 416);
    await wrong.body?.cancel();
    assertEquals((await patch(registry, location, text)).status, 202);
  }
  await finish(registry, location, "abcdef", "sha512");
});

everywhere(
  "R45 a blob is mounted from another repository",
  async (registry) => {
    const digest = await pushBlob(registry, "one", "shared");
    const path = `/v2/two/blobs/uploads/?mount=${digest}&from=one`;
    const mounted = await registry.head(path, { method: "POST" });
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
  "R45 where nothing is mounted an upload begins",
  async (registry) => {
    const digest = await pushBlob(registry, "one", "shared");
    const queries = [
      `mount=${await digestOf("other")}&from=one`,
      `mount=${digest}&from=none`,
      `mount=${digest}&from=../one`,
      `mount=${digest}&from=`,
    ];
    for (const query of queries) {
      const path = `/v2/app/blobs/uploads/?${query}`;
      const { status, headers } = await registry.head(path, { method: "POST" });
      assertEquals([query, status], [query, 202]);
      const location = headers.get("location")!;
      await registry.head(location, { method: "PATCH", body: query });
      await finish(registry, location, query);
    }
    assertEquals((await registry.head(`/v2/app/blobs/${digest}`)).status, 404);
  },
);

everywhere(
  "R46 a blob is mounted from wherever it is where no source is named",
  async (registry) => {
    const digest = await pushBlob(registry, "one", "shared");
    const mount = async (repository: string, digest: string) => {
      const path = `/v2/${repository}/blobs/uploads/?mount=${digest}`;
      return (await registry.head(path, { method: "POST" })).status;
    };
    assertEquals(await mount("one", digest), 201);
    assertEquals(await mount("two", digest), 201);
    const pulled = await registry.call(`/v2/two/blobs/${digest}`);
    assertEquals(await pulled.text(), "shared");
    assertEquals(await mount("two", await digestOf("other")), 202);

    for (const repository of ["one", "two"]) {
      await registry.head(`/v2/${repository}/blobs/${digest}`, {
        method: "DELETE",
      });
    }
    assertEquals(await mount("three", digest), 202);
  },
);

everywhere("R79 a blob is deleted from one repository", async (registry) => {
  const digest = await pushBlob(registry, "one", "shared");
  await pushBlob(registry, "two", "shared");
  const path = `/v2/one/blobs/${digest}`;
  assertEquals((await registry.head(path, { method: "DELETE" })).status, 202);
  const again = await registry.call(path, { method: "DELETE" });
  assertEquals(again.status, 404);
  assertEquals(await errorCode(again), "BLOB_UNKNOWN");
  // To read it elsewhere does not bring it back.
  const other = await registry.call(`/v2/two/blobs/${digest}`);
  assertEquals(await other.text(), "shared");
  assertEquals((await registry.head(path)).status, 404);
});

everywhere(
  "R79 the same blob is taken many times at once",
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
      const pulled = await registry.call(
        `/v2/${repository}/blobs/${digests[0]}`,
      );
      assert((await pulled.text()) === text);
    }
  },
);
