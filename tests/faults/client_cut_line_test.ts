import { assert, assertEquals, assertRejects } from "@std/assert";
import { Digest } from "@gantry/oci/digest";
import { ConnectionError, RegistryClient } from "@gantry/oci/distribution";
import { encodeJson, MediaTypes } from "@gantry/oci/image";
import { startDockerRegistry } from "../_support/docker_registry.ts";
import { openHttpRegistry } from "../_support/http_registry.ts";
import { found } from "../_support/programs.ts";
import { pattern, testSource } from "../_support/transports.ts";

const MIB = 1024 * 1024;

/**
 * A line to a registry that is cut, both ways at once, after so many bytes: the first
 * connections after the budgets given, the others never.
 */
class Line implements AsyncDisposable {
  /** The bytes that went up, and those that came down. */
  readonly up: number[] = [];
  readonly down: number[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #work: Promise<void>[] = [];

  constructor(
    readonly target: string,
    readonly cuts: { up?: number[]; down?: number[] },
  ) {
    this.#work.push(this.#accept());
  }

  get host(): string {
    return `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const [hostname, port] = this.target.split(":");
        const server = await Deno.connect({
          hostname: hostname!,
          port: Number(port),
        });
        const index = this.up.length;
        this.up.push(0);
        this.down.push(0);
        for (const connection of [client, server]) this.#open.add(connection);
        const cut = () => [client, server].forEach(close);
        this.#work.push(
          pass(client, server, (bytes) => this.#count("up", index, bytes), cut),
          pass(
            server,
            client,
            (bytes) => this.#count("down", index, bytes),
            cut,
          ),
        );
      }
    } catch {
      // It is over.
    }
  }

  /** Counts, and tells whether the line is to be cut; only once for each cut that was ordered. */
  #count(way: "up" | "down", index: number, bytes: number): boolean {
    const total = this[way][index]! += bytes;
    const next = this.cuts[way]?.[0];
    if (next === undefined || total < next) return false;
    this.cuts[way]!.shift();
    return true;
  }
}

async function pass(
  from: Deno.Conn,
  to: Deno.Conn,
  isOver: (bytes: number) => boolean,
  cut: () => void,
): Promise<void> {
  const block = new Uint8Array(64 * 1024);
  try {
    while (true) {
      const count = await from.read(block);
      if (count === null) break;
      let rest = block.subarray(0, count);
      while (rest.byteLength > 0) rest = rest.subarray(await to.write(rest));
      if (!isOver(count)) continue;
      // What was let through arrives; a cut would throw away what waits to be read.
      await new Promise((done) => setTimeout(done, 100));
      break;
    }
  } catch {
    // The other side has gone.
  }
  cut();
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed.
  }
}

const SIZE = 12 * MIB;
const BLOB = {
  mediaType: "application/octet-stream",
  digest: String(await Digest.fromBytes(pattern(0, SIZE))),
  size: SIZE,
};

/** A registry, and the most that goes up where a line is cut after 4 and 3 MiB. */
interface Subject {
  readonly name: string;
  readonly ignore: boolean;
  readonly most: number;
  start(): Host | Promise<Host>;
}

type Host = AsyncDisposable & { readonly host: string };

const SUBJECTS: readonly Subject[] = [
  {
    name: "this registry",
    ignore: false,
    // It keeps what arrived, but for what was still on its way.
    most: 18 * MIB,
    start: () => openHttpRegistry(),
  },
  {
    name: "docker-registry",
    ignore: !found("docker-registry"),
    // It forgets an upload whose connection broke off, so all is sent anew.
    most: 20 * MIB,
    start: () => startDockerRegistry(),
  },
];

for (const { ignore, most, name, start } of SUBJECTS) {
  for (const chunkSize of [undefined, 5 * MIB]) {
    const how = chunkSize === undefined ? "in one body" : "in parts";
    Deno.test({
      name: `a blob goes up to ${name} ${how} over a line that is cut twice`,
      ignore,
      async fn() {
        await using server = await start();
        await using line = new Line(server.host, { up: [4 * MIB, 3 * MIB] });
        using client = new RegistryClient(line.host, {
          plainHttp: true,
          retry: { baseDelay: 20 },
        });
        const { blobs } = client.repository("team/app");
        const source = testSource(SIZE);
        await blobs.push(BLOB, source, { chunkSize });
        assertEquals(line.cuts.up, []);
        const stream = await blobs.get(BLOB);
        assertEquals(await new Response(stream).bytes(), pattern(0, SIZE));
        const sent = line.up.reduce((sum, bytes) => sum + bytes);
        assert(sent < most, `${sent} bytes were sent for ${SIZE}`);
      },
    });
  }

  Deno.test({
    name: `a blob comes down from ${name} over a line that is cut twice`,
    ignore,
    async fn() {
      await using server = await start();
      {
        using client = new RegistryClient(server.host, { plainHttp: true });
        await client.repository("team/app").blobs.push(BLOB, testSource(SIZE));
      }
      await using line = new Line(server.host, { down: [4 * MIB, 3 * MIB] });
      using client = new RegistryClient(line.host, {
        plainHttp: true,
        retry: { baseDelay: 20 },
      });
      const stream = await client.repository("team/app").blobs.get(BLOB);
      assertEquals(await new Response(stream).bytes(), pattern(0, SIZE));
      assertEquals(line.cuts.down, []);
      const came = line.down.reduce((sum, bytes) => sum + bytes);
      assert(came < SIZE + 2 * MIB, `${came} bytes came for ${SIZE}`);
    },
  });
}

Deno.test("a manifest, and what is listed, come down whole over a line that is cut in the middle of them", async () => {
  await using server = await openHttpRegistry();
  using direct = new RegistryClient(server.host, { plainHttp: true });
  const { manifests } = direct.repository("team/app");
  const subject = await manifests.put("v1", index({}), INDEX);
  const long = index({ note: "x".repeat(300_000) }, subject.digest);
  const { digest } = await manifests.put("long", long, INDEX);
  const work = async (client: RegistryClient) => {
    const repository = client.repository("team/app");
    const { bytes } = await repository.manifests.fetch(digest);
    assertEquals(bytes, long);
    const found = repository.referrers.list({ digest: subject.digest });
    assertEquals((await Array.fromAsync(found)).map((one) => one.digest), [
      digest,
    ]);
  };
  {
    await using line = new Line(server.host, { down: [100_000, 200_000] });
    using client = new RegistryClient(line.host, {
      plainHttp: true,
      retry: { baseDelay: 20 },
    });
    await work(client);
    assertEquals(line.cuts.down, []);
  }
  {
    // Through the whole of the manifest, and then in the middle of the list.
    await using line = new Line(server.host, { down: [400_000] });
    using client = new RegistryClient(line.host, {
      plainHttp: true,
      retry: { baseDelay: 20 },
    });
    await work(client);
    assertEquals(line.cuts.down, []);
  }
  await using line = new Line(server.host, { down: [100_000] });
  using once = new RegistryClient(line.host, {
    plainHttp: true,
    retry: { maxAttempts: 1 },
  });
  await assertRejects(() => work(once), ConnectionError);
});

const INDEX = { mediaType: MediaTypes.index };

/** An index with annotations, about a manifest or about none. */
function index(annotations: object, subject?: string): Uint8Array<ArrayBuffer> {
  return encodeJson({
    schemaVersion: 2,
    mediaType: MediaTypes.index,
    artifactType: "application/vnd.example.note",
    manifests: [],
    ...subject !== undefined &&
      { subject: { mediaType: MediaTypes.index, digest: subject, size: 0 } },
    annotations,
  });
}
