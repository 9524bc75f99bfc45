import { assertEquals } from "@std/assert";
import { nextLink } from "@gantry/oci/distribution";

const VECTORS: [string | null, string | undefined][] = [
  [null, undefined],
  ["", undefined],
  ['</a?n=1>; rel="next"', "/a?n=1"],
  ["</a>;rel=next", "/a"],
  ['<https://h/a,b;c>; title="x, y"; rel="next"', "https://h/a,b;c"],
  ['</p>; rel="prev", </n>; rel="next"', "/n"],
  ['</n>; rel="last next"', "/n"],
  ["</n>; REL=NEXT", "/n"],
  ['</n>; title="rel=next"; rel="prev"', undefined],
  ["</n>", undefined],
  ["/n; rel=next", undefined],
];

for (const [header, expected] of VECTORS) {
  Deno.test(`nextLink() reads ${header}`, () =>
    assertEquals(nextLink(header), expected));
}
