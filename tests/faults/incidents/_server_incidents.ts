import type { Incident } from "./_incidents.ts";

const ACCESS = "distribution/server_access_test.ts";

/** The incidents of registries. */
export const SERVER_INCIDENTS: readonly Incident[] = [
  {
    known: "CVE-2023-2253",
    what: "memory set aside for as many entries as n asks for",
    tests: [
      [
        "distribution/server_list_rules_test.ts",
        "R61 tags are in byte order, in pages",
      ],
      ["distribution/server_list_rules_test.ts", "R62 a wrong n is 400"],
    ],
  },
  {
    known: "CVE-2025-24976",
    what: "tokens believed that bring their own key",
    tests: [
      [
        "distribution/server_tokens_test.ts",
        "acceptTokens() refuses every forged token",
      ],
    ],
  },
  {
    known: "CVE-2026-35172",
    what: "a deleted blob that another repository made readable again",
    tests: [
      [
        "distribution/server_push_rules_test.ts",
        "R79 a blob is deleted from one repository",
      ],
    ],
  },
  {
    known: "CVE-2026-41888",
    what: "tags deleted although deleting was switched off",
    tests: [
      [
        "distribution/server_options_test.ts",
        "R76 R77 R79 createRegistry({ deletable }) without ${kind} answers 405",
      ],
      [
        "distribution/server_options_test.ts",
        "createRegistry({ readOnly }) refuses whatever changes content",
      ],
    ],
  },
  {
    known: "GHSA-55r9-5mx9-qq7r",
    what: "blobs copied from repositories that one may not read",
    tests: [
      [
        ACCESS,
        "createRegistry({ permit }) mounts only from where one may read",
      ],
    ],
  },
  {
    known: "CVE-2026-31801",
    what: "a tag overwritten by who may only create",
    tests: [
      [
        ACCESS,
        "createRegistry({ permit }) takes no tag name for a special one",
      ],
    ],
  },
  {
    known: "CVE-2025-23208",
    what: "permissions that only ever grew",
    tests: [
      [ACCESS, "createRegistry({ permit }) forgets at once what it took away"],
    ],
  },
];
