import { SERVER_INCIDENTS } from "./_server_incidents.ts";

/** Something that went wrong in another project, and what keeps it from happening here. */
export interface Incident {
  /** What it is known by. */
  readonly known: string;
  /** What happened. */
  readonly what: string;
  /** The tests that stand against it: the file below `tests`, and the name as it is written there. */
  readonly tests: readonly (readonly [file: string, name: string])[];
}

const HOPS = "faults/incidents/hops_test.ts";
const DOCUMENTS = "faults/incidents/documents_test.ts";
const UNBOUNDED = "faults/incidents/unbounded_test.ts";
const ARCHIVES = "faults/incidents/archives_test.ts";
const AUTH = "distribution/auth_test.ts";
const REDIRECT = "distribution/redirect_test.ts";
const EXTRACT = "image/layer/extract_directory_test.ts";
const APPLY = "image/layer/apply_layers_test.ts";
const PULL = "oras/pull_test.ts";

/** The incidents of other projects that could have been ours. */
export const INCIDENTS: readonly Incident[] = [
  {
    known: "CVE-2021-41190",
    what:
      "a document that is manifest and index at once, read by its content type",
    tests: [
      [DOCUMENTS, "${what} is refused, however it is asked for"],
      [
        "image/manifest_content_test.ts",
        "parseManifestContent() judges ${what}",
      ],
      [
        "image/parse_json_test.ts",
        "parseJson() finds duplicate keys in any document",
      ],
    ],
  },
  {
    known: "CVE-2020-15157",
    what: "credentials sent to the host of a foreign layer's URL",
    tests: [
      [
        DOCUMENTS,
        "the urls of a layer are never fetched, whatever the registry lacks",
      ],
      [HOPS, "a foreign host that asks for a credential gets none"],
      [
        "oras/copy_test.ts",
        "copy() leaves foreign layers where they are, unless asked",
      ],
    ],
  },
  {
    known: "CVE-2026-33540",
    what: "credentials sent to whatever token service a registry named",
    tests: [
      [
        HOPS,
        "${name} is not followed to where a public registry has no business",
      ],
      [
        HOPS,
        "a public token service elsewhere is told of, and can be forbidden",
      ],
      [AUTH, "a credential to ${title}"],
      [
        "faults/cli_secrets_test.ts",
        "a public registry cannot have the password sent to a private address",
      ],
      [
        "faults/cli_secrets_test.ts",
        "a registry with TLS cannot have the password sent without it",
      ],
    ],
  },
  {
    known: "go-containerregistry #2243 #2292 #2293 #2295 #2332 #2349",
    what:
      "requests forged by realm, redirect, layer URL, upload location and link; a token that came back",
    tests: [
      [
        HOPS,
        "${name} is not followed to where a public registry has no business",
      ],
      [
        HOPS,
        "a link to the next page is not followed to another public host either",
      ],
      [
        HOPS,
        "a request that left the registry brings no credential back to it",
      ],
      [
        AUTH,
        "authorize() follows a token service's redirect within its origin only",
      ],
      [
        "distribution/referrers_test.ts",
        "referrers.list() follows no link to another host",
      ],
    ],
  },
  {
    known: "GHSA-h7vf-4x9w-h99v, GHSA-298f-872v-2rcx",
    what: "links to any host, links without end, referrers in a circle",
    tests: [
      [
        HOPS,
        "a link to the next page is not followed to another public host either",
      ],
      [
        UNBOUNDED,
        "pages that never end, and pages that lead to one another, are left",
      ],
      [DOCUMENTS, "referrers that refer to one another are walked once each"],
    ],
  },
  {
    known: "GHSA-whvf-jp7m-59f3, GHSA-h3wm-jjqf-8jm2, GHSA-5jhf-2qmf-m8c5",
    what:
      "headers, client certificates and debug logs that gave secrets to other hosts",
    tests: [
      [REDIRECT, "redirect() takes all secrets off when the origin changes"],
      [
        HOPS,
        "a request that left the registry brings no credential back to it",
      ],
      [
        "faults/transport_tls_test.ts",
        "shows no client certificate to where another host pointed",
      ],
      [
        "faults/cli_echo_test.ts",
        "--debug shows no secret that an answer's headers quote",
      ],
    ],
  },
  {
    known: "regclient 746d6cf, 1a80807, 39de02d",
    what:
      "credentials on redirects, from https to http, from outside to localhost",
    tests: [
      [
        HOPS,
        "${name} is not followed to where a public registry has no business",
      ],
      [REDIRECT, "redirect() refuses a step ${name}"],
      [
        "faults/cli_secrets_test.ts",
        "a public registry cannot redirect to a private address",
      ],
    ],
  },
  {
    known: "CVE-2021-21272",
    what: "an archive whose links lead out of the target",
    tests: [
      [EXTRACT, "extractDirectory() refuses ${what}"],
      [
        "faults/cli_content_test.ts",
        "pull refuses an archive with ${what}, and unpacks nothing of it",
      ],
    ],
  },
  {
    known: "CVE-2026-50163, GHSA-m37j-52j7-pjw7, GHSA-8xwf-rjm4-xvhv",
    what:
      "a hard link looked up in the working directory, chains of links, titles through links",
    tests: [
      [
        ARCHIVES,
        "a hard link is looked up in the archive, and never where the process is",
      ],
      [EXTRACT, "links that look inside and lead out"],
      [PULL, "pull() follows no link out of the output directory"],
      [PULL, "pull() refuses a title that leads out, and writes nothing"],
      [
        "faults/pull_names_test.ts",
        "pull follows no link that takes a directory's place while the registry is asked",
      ],
      [
        "faults/cli_content_test.ts",
        "pull replaces a link in the place of a file, and never writes through it",
      ],
    ],
  },
  {
    known: "CVE-2021-29136, CVE-2026-17106, CVE-2026-31802",
    what: "a root that becomes a link, and parents that are links",
    tests: [
      [EXTRACT, "a root that a symbolic link replaces"],
      [APPLY, "a root that is a link"],
      [APPLY, "a whiteout whose parent leads out"],
      [APPLY, "a hard link whose parent leads out"],
      [
        APPLY,
        "applyLayers() refuses to hide a link that its layer went through",
      ],
    ],
  },
  {
    known: "CVE-2024-3727",
    what: "digests that were not checked before they became paths",
    tests: [
      [DOCUMENTS, "a digest that leads elsewhere is never put into a path"],
      [
        DOCUMENTS,
        "a digest in a document that leads elsewhere is never followed",
      ],
      [
        "distribution/repository_test.ts",
        "blobs and manifests refuse malformed digests before anything is sent",
      ],
    ],
  },
  {
    known: "go-containerregistry #2306",
    what: "a link among the blobs of an image layout",
    tests: [
      [
        "oras/cli_validate_test.ts",
        "validate follows no unsafe digest and no link out of a layout",
      ],
    ],
  },
  {
    known: "CVE-2017-11468, CVE-2023-25153",
    what: "answers and documents read without a limit",
    tests: [
      [
        UNBOUNDED,
        "${what} that never ends is left ${with_} a length that was told",
      ],
      [UNBOUNDED, "a token reply that never ends is left"],
      [
        "distribution/server_manifest_rules_test.ts",
        "R54 a manifest that never ends is 413 while it arrives",
      ],
    ],
  },
  {
    known: "header injection",
    what: "text of others that is echoed in headers, or on a terminal",
    tests: [
      [
        "distribution/server_fuzz_test.ts",
        "createRegistry() fails at no header",
      ],
      [
        "distribution/server_hostile_test.ts",
        "createRegistry() refuses hostile paths with 4xx",
      ],
      [
        "distribution/repository_test.ts",
        "an error passes no control characters of the registry's on",
      ],
      [
        "faults/cli_echo_test.ts",
        "repo tags and repo ls let no control character reach the terminal",
      ],
    ],
  },
  {
    known: "decompression bombs (CVE-2023-0821)",
    what: "a small layer that becomes gigabytes",
    tests: [
      [
        ARCHIVES,
        "a gibibyte of zeros is not unpacked, however well it is packed",
      ],
      [EXTRACT, "extractDirectory() keeps within its limits"],
      [APPLY, "applyLayers() keeps within its limits"],
      [
        "faults/archive_bombs_test.ts",
        "extractDirectory() gives up on long links that lead through one another",
      ],
      [
        "faults/quirks/answers_test.ts",
        "T11 a compressed manifest that holds ${what} is refused",
      ],
    ],
  },
  {
    known: "secrets in debug output (distribution f1323c5)",
    what: "secrets in the URLs of challenges, written to a log",
    tests: [
      [
        "faults/incidents/echo_test.ts",
        "no error and no event shows a secret that ${what} quotes",
      ],
      [
        "faults/cli_echo_test.ts",
        "--debug shows no secret that an answer's headers quote",
      ],
      [
        "faults/client_refusal_test.ts",
        "pull() tells that the token service knows another password, and never which",
      ],
      [REDIRECT, "redirect() reports each step without secrets"],
    ],
  },
  {
    known: "data in descriptors",
    what: "content believed because it stood in the descriptor",
    tests: [
      [
        DOCUMENTS,
        "data in a descriptor that has not its digest is not taken for its content",
      ],
    ],
  },
  {
    known: "go-containerregistry #2227, #2250, #2279",
    what: "links refused that stay inside",
    tests: [
      [EXTRACT, "a relative link that stays inside"],
      [EXTRACT, "a file that takes a link's place"],
    ],
  },
  ...SERVER_INCIDENTS,
];
