// deno-lint-ignore-file no-console
/** Prints the digest of a file, as `openssl dgst` does. */
import { Digest } from "@gantry/oci/digest";

const [path, algorithm = "sha256"] = Deno.args;
const file = await Deno.open(path!);
console.log(String(await Digest.fromStream(file.readable, { algorithm })));
