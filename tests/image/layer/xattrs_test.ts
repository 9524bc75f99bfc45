import { assert, assertEquals, assertRejects } from "@std/assert";
import { LayerError, readTar } from "@gantry/oci/image/layer";
import {
  applyLayer,
  applyLayers,
  diffDirectories,
  packLayer,
  packLayerToFile,
  tarChanges,
} from "@gantry/oci/image/layer/node";
import { chmod, link, mkdir, symlink, writeFile } from "node:fs/promises";
import { found } from "../../_support/programs.ts";
import { getXattrs, setXattrs, xattrsWork } from "../../_support/xattrs.ts";
import { streamOf } from "./_archives.ts";
import { temporaryDirectory, tree } from "./_directories.ts";
import {
  END,
  header,
  join,
  octal,
  padded,
  pax,
  record,
} from "./_tar_blocks.ts";

const ignore = !xattrsWork();
const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

/** A version 2 capability, `cap_net_raw+ep`, as `setcap` writes it. */
const CAPABILITY = "0100000200200000000000000000000000000000";

/** The attributes of each entry, in the order of their names. */
async function xattrsOf(
  source: AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<Record<string, [string, string][]>> {
  const all: Record<string, [string, string][]> = {};
  for await (const { header } of readTar(source)) {
    all[header.name] = [...header.xattrs].map((
      [name, value],
    ) => [name, value.toHex()]);
  }
  return all;
}

/** A layer of one entry that has these attributes. */
function layer(
  xattrs: Readonly<Record<string, string>>,
  fields: Partial<Parameters<typeof header>[0]> = {},
  content = "",
): Uint8Array<ArrayBuffer> {
  return join([
    pax(
      Object.entries(xattrs).map(([name, value]) =>
        record(`SCHILY.xattr.${name}`, Uint8Array.fromHex(value))
      ),
    ),
    header({ name: "file", size: octal(content.length), ...fields }),
    padded(content),
  ]);
}

function open(...parts: readonly Uint8Array[]) {
  return { open: () => streamOf(join([...parts, END])) };
}

Deno.test({
  name:
    "packLayer() keeps extended attributes to the byte, sorted, where asked",
  ignore,
  async fn() {
    await using work = await temporaryDirectory();
    const { path } = work;
    await mkdir(`${path}/dir`);
    await writeFile(`${path}/dir/file`, "content");
    await writeFile(`${path}/bare`, "");
    await symlink("dir/file", `${path}/link`);
    await link(`${path}/dir/file`, `${path}/zz-same`);
    const big = "ab".repeat(3000);
    await setXattrs({
      [`${path}/dir`]: { "user.dir": "00ff0a3d" },
      [`${path}/dir/file`]: {
        "user.z": "",
        "user.é": "c3a9",
        "user.a": "feff000a",
        "user.big": big,
        "user.overlay.opaque": "79",
        "user.fuseoverlayfs.opaque": "79",
      },
    });
    const packed = await xattrsOf(tarChanges(path, { xattrs: "keep" }));
    assertEquals(packed, {
      "bare": [],
      "dir/": [["user.dir", "00ff0a3d"]],
      "dir/file": [
        ["user.a", "feff000a"],
        ["user.big", big],
        ["user.z", ""],
        ["user.é", "c3a9"],
      ],
      "link": [],
      // A link is the file that it leads to, and has what that has.
      "zz-same": [],
    });
    const copies = await xattrsOf(
      tarChanges(path, { xattrs: "keep", hardLinks: "copy" }),
    );
    assertEquals(copies["zz-same"], packed["dir/file"]);
    // Nobody who does not ask gets them, so that a layer does not depend on rights.
    const bare = await xattrsOf(tarChanges(path));
    assertEquals(Object.values(bare).flat(), []);
  },
});

Deno.test({
  name:
    "packLayer() gives the same bytes in whatever order attributes were set",
  ignore,
  async fn() {
    await using work = await temporaryDirectory();
    const diffIds = new Set<string>();
    for (const names of [["a", "b", "c"], ["c", "a", "b"]]) {
      const path = `${work.path}/${names.join("")}`;
      await mkdir(path);
      await writeFile(`${path}/x`, "");
      for (const name of names) {
        await setXattrs({ [`${path}/x`]: { [`user.${name}`]: "01" } });
      }
      const { diffId } = await packLayerToFile(path, `${work.path}/out`, {
        mtime: new Date(0),
        xattrs: "keep",
      });
      diffIds.add(diffId);
    }
    assertEquals(diffIds.size, 1);
  },
});

Deno.test({
  name: "applyLayer() gives back what packLayer() kept",
  ignore,
  async fn() {
    await using work = await temporaryDirectory();
    const from = `${work.path}/from`;
    await mkdir(`${from}/dir/locked`, { recursive: true });
    await writeFile(`${from}/dir/file`, "content");
    await writeFile(`${from}/read-only`, "");
    await link(`${from}/dir/file`, `${from}/same`);
    await setXattrs({
      [`${from}/dir`]: { "user.dir": "00" },
      [`${from}/dir/locked`]: { "user.locked": "01" },
      [`${from}/dir/file`]: { "user.a": "feff000a3d", "user.empty": "" },
      [`${from}/read-only`]: { "user.read": "02" },
    });
    await chmod(`${from}/dir/locked`, 0o555);
    await chmod(`${from}/read-only`, 0o444);
    const to = `${work.path}/to`;
    const { stream } = packLayer(from, { xattrs: "keep" });
    const applied = await applyLayer({ open: () => stream }, to, {
      xattrs: "keep",
    });
    assertEquals(applied.unsetXattrs, []);
    const names = ["dir", "dir/locked", "dir/file", "read-only", "same"];
    const [before, after] = await Promise.all(
      [from, to].map(async (root) =>
        Object.values(
          await getXattrs(...names.map((name) => `${root}/${name}`)),
        )
      ),
    );
    assertEquals(after, before);
    assertEquals(
      (await Deno.stat(`${to}/read-only`)).mode! & 0o777,
      0o444,
    );
    await chmod(`${to}/dir/locked`, 0o755);
  },
});

Deno.test({
  name: "applyLayer() sets attributes where it can unless it is told not to",
  ignore,
  async fn() {
    await using work = await temporaryDirectory();
    const bytes = layer({ "user.a": "0102" }, {}, "content");
    const cases = [
      [undefined, { "user.a": "0102" }],
      ["try", {
        "user.a": "0102",
      }],
      ["keep", { "user.a": "0102" }],
      ["ignore", {}],
    ] as const;
    for (const [index, [xattrs, expected]] of cases.entries()) {
      const path = `${work.path}/${index}`;
      await applyLayer(open(bytes), path, { ...xattrs && { xattrs } });
      assertEquals(await getXattrs(`${path}/file`), {
        [`${path}/file`]: expected,
      });
    }
  },
});

const hiding = [
  "trusted.overlay.opaque",
  "trusted.overlay.redirect",
  "user.overlay.opaque",
  "user.overlay.whiteout",
  "user.fuseoverlayfs.opaque",
  "user.containers.override_stat",
  "user.rootlesscontainers",
  "user.virtiofs.user.x",
  "trusted.other",
  "security.selinux",
  "security.evm",
  "system.nfs4_acl",
];

Deno.test({
  name: "applyLayer() sets no attribute of a union file system or of a machine",
  ignore,
  async fn() {
    await using work = await temporaryDirectory();
    const xattrs = Object.fromEntries(hiding.map((name) => [name, "79"]));
    const all = { ...xattrs, "user.good": "01" };
    const { unsetXattrs } = await applyLayers(
      [open(layer(all, { name: "dir/", flag: "5" }), layer(all))],
      work.path,
      { xattrs: "keep" },
    ).then(({ layers }) => layers[0]!);
    // It is the policy, and nothing that went wrong.
    assertEquals(unsetXattrs, []);
    const paths = ["dir", "file"].map((name) => `${work.path}/${name}`);
    for (const path of paths) {
      assertEquals(await getXattrs(path), { [path]: { "user.good": "01" } });
    }
    const packed = await xattrsOf(tarChanges(work.path, { xattrs: "keep" }));
    assertEquals(packed["file"], [["user.good", "01"]]);
  },
});

Deno.test({
  name:
    "packLayer() leaves out what belongs to a union file system or a machine",
  ignore: ignore || !isRoot,
  async fn() {
    await using work = await temporaryDirectory();
    await writeFile(`${work.path}/file`, "");
    await setXattrs({
      [`${work.path}/file`]: {
        "trusted.overlay.opaque": "79",
        "user.overlay.opaque": "79",
        "trusted.other": "01",
        "security.capability": CAPABILITY,
        "user.good": "01",
      },
    });
    for (const owners of ["keep", "normalize"] as const) {
      const options = { owners, xattrs: "keep" } as const;
      const { file } = await xattrsOf(tarChanges(work.path, options));
      assertEquals(file, [
        ...owners === "keep" ? [["security.capability", CAPABILITY]] : [],
        ["user.good", "01"],
      ]);
    }
  },
});

Deno.test({
  name:
    "applyLayer() sets capabilities where owners are kept, after the owner and the content",
  ignore: ignore || !isRoot,
  async fn() {
    await using work = await temporaryDirectory();
    const bytes = layer(
      { "security.capability": CAPABILITY },
      { mode: octal(0o4755, 7), more: { 108: octal(1234, 7) } },
      "content",
    );
    for (const owners of ["keep", "ignore"] as const) {
      const path = `${work.path}/${owners}`;
      await applyLayer(open(bytes), path, { owners, xattrs: "keep" });
      const keep = owners === "keep";
      assertEquals(await getXattrs(`${path}/file`), {
        [`${path}/file`]: keep ? { "security.capability": CAPABILITY } : {},
      });
      const { mode, uid } = await Deno.stat(`${path}/file`);
      assertEquals(mode! & 0o7777, keep ? 0o4755 : 0o755);
      assertEquals(uid, keep ? 1234 : Deno.uid());
    }
  },
});

/** `u::rw-,u:1234:r--,g::r--,m::r--,o::r--`, in the form of the kernel. */
const ACCESS = "02000000" + "01000600ffffffff" + "02000400d2040000" +
  "04000400ffffffff" + "10000400ffffffff" + "20000400ffffffff";

Deno.test({
  name:
    "applyLayer() sets lists for access where owners are kept, and the mode stays the entry's",
  ignore: ignore || !isRoot,
  async fn() {
    await using work = await temporaryDirectory();
    const name = "system.posix_acl_access";
    const bytes = layer({ [name]: ACCESS }, { mode: octal(0o644, 7) });
    for (const owners of ["keep", "ignore"] as const) {
      const path = `${work.path}/${owners}`;
      await applyLayer(open(bytes), path, { owners, xattrs: "keep" });
      assertEquals(await getXattrs(`${path}/file`), {
        [`${path}/file`]: owners === "keep" ? { [name]: ACCESS } : {},
      });
      assertEquals((await Deno.stat(`${path}/file`)).mode! & 0o7777, 0o644);
      const packed = await xattrsOf(
        tarChanges(path, { owners: "keep", xattrs: "keep" }),
      );
      assertEquals(packed["file"], owners === "keep" ? [[name, ACCESS]] : []);
    }
  },
});

Deno.test({
  name:
    "applyLayers() gives a directory the attributes of its last entry and no others",
  ignore,
  async fn() {
    await using work = await temporaryDirectory();
    const root = `${work.path}/root`;
    for (const name of ["named", "other"]) {
      await mkdir(`${root}/${name}`, { recursive: true });
      await setXattrs({ [`${root}/${name}`]: { "user.base": "01" } });
    }
    const directory = (xattrs: Record<string, string>) =>
      layer(xattrs, { name: "named/", flag: "5" });
    await applyLayers([
      open(directory({ "user.one": "01", "user.both": "01" })),
      open(directory({ "user.two": "02", "user.both": "02" })),
      open(header({ name: "other/x" })),
    ], root);
    assertEquals(await getXattrs(`${root}/named`, `${root}/other`), {
      [`${root}/named`]: { "user.both": "02", "user.two": "02" },
      // No entry names it: it stays what it was.
      [`${root}/other`]: { "user.base": "01" },
    });
    // One that is hidden and comes again is another one.
    await applyLayer(
      open(header({ name: ".wh.other" }), header({ name: "other/new" })),
      root,
    );
    assertEquals(await getXattrs(`${root}/other`), { [`${root}/other`]: {} });
    // And none, where the last entry has none.
    await applyLayer(open(header({ name: "named/", flag: "5" })), root);
    assertEquals(await getXattrs(`${root}/named`), { [`${root}/named`]: {} });
    await applyLayer(open(directory({ "user.new": "00" })), root);
    await applyLayer(open(header({ name: "named/", flag: "5" })), root, {
      xattrs: "ignore",
    });
    assertEquals(await getXattrs(`${root}/named`), {
      [`${root}/named`]: { "user.new": "00" },
    });
  },
});

Deno.test({
  name:
    "applyLayers() changes no file of a lower layer through a hard link's attributes",
  ignore,
  async fn() {
    await using work = await temporaryDirectory();
    const root = `${work.path}/root`;
    await mkdir(root);
    await writeFile(`${root}/base`, "x");
    await setXattrs({ [`${root}/base`]: { "user.base": "01" } });
    const bytes = layer({ "user.evil": "01" }, {
      name: "again",
      flag: "1",
      linkname: "base",
    });
    await applyLayer(open(bytes), root);
    for (const name of ["base", "again"]) {
      assertEquals(await getXattrs(`${root}/${name}`), {
        [`${root}/${name}`]: { "user.base": "01" },
      });
    }
  },
});

/** What no file system takes: a link's, and a value beyond the system's limit. */
const impossible: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "a link's attribute": layer({ "user.no": "01" }, {
    flag: "2",
    linkname: "nowhere",
  }),
  "too long a value": layer({ "user.no": "ab".repeat(70_000) }),
  "too long a name": layer({ [`user.no${"x".repeat(300)}`]: "01" }),
};

for (const [what, bytes] of Object.entries(impossible)) {
  Deno.test({
    name:
      `applyLayer() tells of ${what} that cannot be set, or fails where it must`,
    ignore,
    async fn() {
      await using work = await temporaryDirectory();
      const root = `${work.path}/root`;
      const { unsetXattrs } = await applyLayer(open(bytes), root);
      assertEquals(unsetXattrs.map((name) => name.slice(0, 7)), ["user.no"]);
      assertEquals(Object.keys(await tree(root)), ["file"]);
      const other = `${work.path}/other`;
      await mkdir(other);
      await writeFile(`${other}/there`, "x");
      const error = await assertRejects(
        () => applyLayer(open(bytes), other, { xattrs: "keep" }),
        LayerError,
        'Cannot unpack entry "file": its extended attribute "user.no',
      );
      assertEquals(error.code, "LAYER_UNSUPPORTED");
      assertEquals(await tree(other), { there: "x" });
    },
  });
}

Deno.test({
  name: "diffDirectories() sees changed attributes where they count",
  ignore,
  async fn() {
    await using work = await temporaryDirectory();
    const [from, to] = [`${work.path}/from`, `${work.path}/to`] as const;
    const time = new Date(1_700_000_000_000);
    for (const root of [from, to]) {
      await mkdir(`${root}/dir/deep`, { recursive: true });
      for (const name of ["added", "changed", "gone", "same", "dir/deep/x"]) {
        await writeFile(`${root}/${name}`, "x");
      }
    }
    await setXattrs({
      [`${from}/changed`]: { "user.a": "01" },
      [`${from}/gone`]: { "user.a": "01" },
      [`${from}/same`]: { "user.a": "01" },
      [`${to}/added`]: { "user.a": "01" },
      [`${to}/changed`]: { "user.a": "02" },
      [`${to}/same`]: { "user.a": "01" },
      [`${to}/dir/deep`]: { "user.a": "01" },
    });
    const options = { compression: "none", mtime: time } as const;
    const names = async (xattrs: "keep" | "ignore") =>
      Object.keys(
        await xattrsOf(
          diffDirectories(from, to, { ...options, xattrs }).stream,
        ),
      );
    assertEquals(await names("ignore"), []);
    assertEquals(await names("keep"), [
      "added",
      "changed",
      "dir/",
      "dir/deep/",
      "gone",
    ]);
    const { stream } = diffDirectories(from, to, {
      ...options,
      xattrs: "keep",
    });
    await applyLayer({ open: () => stream }, from, { xattrs: "keep" });
    for (const name of ["added", "changed", "gone", "same", "dir/deep"]) {
      const [a, b] = [`${from}/${name}`, `${to}/${name}`] as const;
      const all = await getXattrs(a, b);
      assertEquals(all[a], all[b], name);
    }
  },
});

/** Other programs, as they pack and unpack with attributes. */
const programs = {
  tar: {
    pack: ["--xattrs", "--xattrs-include=*"],
    unpack: [
      "--xattrs",
      "--xattrs-include=*",
    ],
  },
  bsdtar: { pack: ["--format=pax", "--xattrs"], unpack: ["--xattrs"] },
};

for (const [program, { pack, unpack }] of Object.entries(programs)) {
  Deno.test({
    name: `layers and ${program} agree on attributes both ways`,
    ignore: ignore || !found(program),
    async fn() {
      await using work = await temporaryDirectory();
      const { path } = work;
      await mkdir(`${path}/from/dir`, { recursive: true });
      await mkdir(`${path}/theirs`);
      await writeFile(`${path}/from/dir/file`, "content");
      await setXattrs({
        [`${path}/from/dir`]: { "user.dir": "00ff" },
        [`${path}/from/dir/file`]: {
          "user.a": "feff000a3d",
          "user.b": "62",
          ...isRoot && { "security.capability": CAPABILITY },
        },
      });
      const run = async (...args: string[]) => {
        const { success, stderr } = await new Deno.Command(program, { args })
          .output();
        assert(success, new TextDecoder().decode(stderr));
      };
      // Ours, unpacked by the other.
      const owners = isRoot ? "keep" : "normalize";
      await packLayerToFile(`${path}/from`, `${path}/ours.tar`, {
        compression: "none",
        owners,
        xattrs: "keep",
      });
      await run("-xpf", `${path}/ours.tar`, "-C", `${path}/theirs`, ...unpack);
      // The other's, applied by us.
      await run(
        "-cf",
        `${path}/theirs.tar`,
        ...pack,
        "-C",
        `${path}/from`,
        ".",
      );
      const file = await Deno.open(`${path}/theirs.tar`);
      await applyLayer({ open: () => file.readable }, `${path}/applied`, {
        xattrs: "keep",
      });
      const names = ["dir", "dir/file"];
      const [from, theirs, applied] = await Promise.all(
        ["from", "theirs", "applied"].map(async (root) =>
          Object.values(
            await getXattrs(...names.map((name) => `${path}/${root}/${name}`)),
          )
        ),
      );
      assertEquals(theirs, from);
      assertEquals(applied, from);
    },
  });
}

/** A runtime that may do all but call the system's library. */
const noLibrary = {
  env: true,
  ffi: false,
  read: true,
  run: false,
  sys: true,
  write: true,
} as const;

Deno.test({
  name:
    "applyLayer() does without the right to call the library, and tells what it left out",
  ignore: Deno.build.os === "windows",
  permissions: noLibrary,
  async fn() {
    await using work = await temporaryDirectory();
    const root = `${work.path}/root`;
    const all = [
      layer({ "user.b": "01", "user.a": "02" }),
      layer({ "user.b": "01", "trusted.overlay.opaque": "79" }, {
        name: "dir/",
        flag: "5",
      }),
    ];
    const { unsetXattrs } = await applyLayer(open(...all), root);
    assertEquals(unsetXattrs, ["user.a", "user.b"]);
    assertEquals(await tree(root), { dir: "/", file: "" });
    // A second time, over what is there.
    await applyLayer(open(...all), root);
    const error = await assertRejects(
      () => applyLayer(open(), `${work.path}/must`, { xattrs: "keep" }),
      LayerError,
      "Cannot keep extended attributes",
    );
    assertEquals(error.code, "LAYER_UNSUPPORTED");
    assertEquals(error.hint, "Deno must be run with --allow-ffi");
    assertEquals(Object.keys(await tree(work.path)), [
      "root",
      "root/dir",
      "root/file",
    ]);
  },
});

Deno.test({
  name:
    "packLayerToFile() refuses to keep attributes without the right to read them",
  ignore: Deno.build.os === "windows",
  permissions: noLibrary,
  async fn() {
    await using work = await temporaryDirectory();
    await mkdir(`${work.path}/from`);
    const error = await assertRejects(
      () =>
        packLayerToFile(`${work.path}/from`, `${work.path}/out`, {
          xattrs: "keep",
        }),
      LayerError,
    );
    assertEquals(error.code, "LAYER_UNSUPPORTED");
    assertEquals(await tree(work.path), { from: "/" });
  },
});
