import { fileURLToPath } from "node:url";
import { found } from "../_support/programs.ts";
import { FILE_NAME, type Layout } from "./layout.ts";
import type { Program } from "./measure.ts";
import type { Certificates } from "./servers.ts";

/** Where a tool moves content, and how it gets there. */
export interface Place {
  /** The registry, as `host:port`. */
  readonly host: string;
  /** The authority of its certificate; plain HTTP where not given. */
  readonly certificates?: Certificates;
}

/** A tool that pushes and pulls. */
export interface Tool {
  /** The tool's name. */
  readonly name: string;
  /** Pushes the layout's one layer under `bench/NAME:v1`. */
  push(place: Place, layout: Layout): Program;
  /** Pulls `bench/image:v1` into a folder, verified. */
  pull(place: Place, layout: Layout, folder: string): Program;
  /** The file that a pull leaves in the folder. */
  pulled(layout: Layout): string;
}

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** The command from this clone, as an installed one runs. */
export const GANTRY: readonly string[] = [
  Deno.execPath(),
  "run",
  "--quiet",
  "-A",
  CLI,
];

/** gantry and oras take the same arguments. */
function orasLike(name: string, program: readonly string[]): Tool {
  const flags = ({ certificates }: Place): string[] =>
    certificates === undefined
      ? ["--plain-http"]
      : ["--ca-file", certificates.ca];
  return {
    name,
    push: (place, layout) => ({
      command: [
        ...program,
        "push",
        ...flags(place),
        "--disable-path-validation",
        `${place.host}/bench/${name}:v1`,
        `${layout.file}:application/vnd.oci.image.layer.v1.tar`,
      ],
    }),
    pull: (place, _layout, folder) => ({
      command: [
        ...program,
        "pull",
        ...flags(place),
        "--output",
        folder,
        `${place.host}/bench/image:v1`,
      ],
    }),
    pulled: () => FILE_NAME,
  };
}

const SKOPEO: Tool = {
  name: "skopeo",
  push: ({ host, certificates }, layout) => ({
    command: [
      "skopeo",
      "copy",
      "--quiet",
      "--insecure-policy",
      "--preserve-digests",
      ...certificates === undefined
        ? ["--dest-tls-verify=false"]
        : [`--dest-cert-dir=${certificates.folder}`],
      `oci:${layout.path}:v1`,
      `docker://${host}/bench/skopeo:v1`,
    ],
  }),
  pull: ({ host, certificates }, _layout, folder) => ({
    command: [
      "skopeo",
      "copy",
      "--quiet",
      "--insecure-policy",
      "--preserve-digests",
      ...certificates === undefined
        ? ["--src-tls-verify=false"]
        : [`--src-cert-dir=${certificates.folder}`],
      `docker://${host}/bench/image:v1`,
      `dir:${folder}`,
    ],
  }),
  pulled: (layout) => layout.digest.slice("sha256:".length),
};

const CRANE: Tool = {
  name: "crane",
  push: ({ host, certificates }, layout) => ({
    command: [
      "crane",
      "push",
      ...certificates === undefined ? ["--insecure"] : [],
      layout.path,
      `${host}/bench/crane:v1`,
    ],
    ...certificates && { env: { SSL_CERT_FILE: certificates.ca } },
  }),
  pull: ({ host, certificates }, layout, folder) => ({
    command: [
      "crane",
      "blob",
      ...certificates === undefined ? ["--insecure"] : [],
      `${host}/bench/image@${layout.digest}`,
    ],
    stdout: `${folder}/${FILE_NAME}`,
    ...certificates && { env: { SSL_CERT_FILE: certificates.ca } },
  }),
  pulled: () => FILE_NAME,
};

/** gantry, and those of its peers that this machine has. */
export const TOOLS: readonly Tool[] = [
  orasLike("gantry", GANTRY),
  ...found("oras") ? [orasLike("oras", ["oras"])] : [],
  ...found("skopeo") ? [SKOPEO] : [],
  ...found("crane") ? [CRANE] : [],
];
