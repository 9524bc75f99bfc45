import { join } from "node:path";

/** A certificate and its key, PEM. */
export interface Identity {
  /** The certificate. */
  readonly cert: string;
  /** The private key. */
  readonly key: string;
}

/** What TLS tests need, valid for `localhost` and 127.0.0.1 for a day. */
export interface Certificates {
  /** A private authority. */
  readonly ca: Identity;
  /** A server's certificate that it signed. */
  readonly server: Identity;
  /** A client's certificate that it signed. */
  readonly client: Identity;
  /** A server's certificate that it signed, for another name. */
  readonly otherName: Identity;
  /** A certificate that is authority and server at once, as many private registries use. */
  readonly selfSigned: Identity;
  /** One that is signed by itself and no authority. */
  readonly selfSignedLeaf: Identity;
}

const NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1";

/** Makes certificates with openssl, in a folder that is gone afterwards. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = await Deno.makeTempDir();
  try {
    const make = async (name: string, subject: string, ...more: string[]) => {
      const cert = join(folder, `${name}.pem`);
      const key = join(folder, `${name}.key`);
      await openssl([
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
          .split(" "),
        ...["-keyout", key, "-out", cert, "-subj", `/CN=${subject}`],
        ...more,
      ]);
      return {
        cert: await Deno.readTextFile(cert),
        key: await Deno.readTextFile(key),
      };
    };
    const ca = await make(
      "ca",
      "Test authority",
      "-addext",
      "keyUsage=critical,keyCertSign",
    );
    const signed = [
      ...["-CA", join(folder, "ca.pem"), "-CAkey", join(folder, "ca.key")],
      ...["-addext", "basicConstraints=critical,CA:FALSE", "-addext"],
    ];
    return {
      ca,
      server: await make("server", "localhost", ...signed, NAMES),
      client: await make(
        "client",
        "tester",
        ...signed,
        "extendedKeyUsage=clientAuth",
      ),
      otherName: await make(
        "other",
        "other.example",
        ...signed,
        "subjectAltName=DNS:other.example",
      ),
      selfSigned: await make("self", "localhost", "-addext", NAMES),
      selfSignedLeaf: await make(
        "leaf",
        "localhost",
        ...["-addext", "basicConstraints=critical,CA:FALSE"],
        ...["-addext", NAMES],
      ),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function openssl(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
