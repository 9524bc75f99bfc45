/**
 * Whether a URL's host is a name or an address of this machine or of a private
 * network: `localhost`, or an address literal that is loopback, link-local,
 * private, shared (RFC 6598) or unspecified.
 *
 * It judges what is written and asks no DNS. Take the host from a parsed `URL`,
 * because that brings `127.1`, `0x7f000001` and `2130706433` to one form. IPv4
 * addresses inside IPv6 ones are judged too.
 *
 * @param hostname `URL.hostname`, with brackets around an IPv6 address.
 *
 * @example
 * ```ts
 * import { isPrivateHost } from "@gantry/oci/distribution";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isPrivateHost(new URL("http://0x7f.1/").hostname));
 * assert(isPrivateHost("[::ffff:169.254.169.254]"));
 * assertFalse(isPrivateHost("ghcr.io"));
 * ```
 */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  if (host.startsWith("[")) {
    const groups = parseIpv6(host.slice(1, -1));
    return groups === undefined || isPrivateIpv6(groups);
  }
  const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host);
  return octets !== null &&
    isPrivateIpv4(Number(octets[1]), Number(octets[2]), Number(octets[3]));
}

function isPrivateIpv4(a: number, b: number, c: number): boolean {
  return a === 0 || a === 10 || a === 127 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 192 && b === 0 && c === 0) ||
    (a === 198 && (b === 18 || b === 19));
}

function isPrivateIpv6(groups: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  if ((a & 0xfe00) === 0xfc00) return true; // unique local, fc00::/7
  if ((a & 0xff80) === 0xfe80) return true; // link-local and site-local
  // An IPv4 address at the end: mapped, compatible, translated (RFC 6052, RFC 8215).
  const zeros = (a | b | c | d) === 0;
  const embedded = (zeros && e === 0 && (f === 0xffff || f === 0)) ||
    (zeros && e === 0xffff && f === 0) ||
    (a === 0x64 && b === 0xff9b && (c | d | e | f) === 0) ||
    (a === 0x64 && b === 0xff9b && c === 1);
  if (embedded) return isPrivateIpv4(g >> 8, g & 0xff, h >> 8); // :: and ::1 are in 0/8
  if (a === 0x2002) return isPrivateIpv4(b >> 8, b & 0xff, c >> 8); // 6to4
  return false;
}

/** The eight groups of an address as `URL` writes it, or with a dotted tail. */
function parseIpv6(text: string): number[] | undefined {
  const dotted = text.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, a, b, c, d) =>
      `${((+a << 8) | +b).toString(16)}:${((+c << 8) | +d).toString(16)}`,
  );
  const [head = "", tail] = dotted.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = 8 - front.length - back.length;
  if (tail === undefined ? gap !== 0 : gap < 0) return undefined;
  const groups = [...front, ...Array<string>(gap).fill("0"), ...back]
    .map((group) => parseInt(group, 16));
  return groups.some(Number.isNaN) ? undefined : groups;
}
