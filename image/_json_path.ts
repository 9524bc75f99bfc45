const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The path of a member, in the style of RFC 9535: `$.config.size`, `$.annotations['a.b']`, `$.layers[0]`. */
export function childPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (NAME.test(key)) return `${path}.${key}`;
  const quoted = JSON.stringify(key).slice(1, -1).replaceAll('\\"', '"');
  return `${path}['${quoted.replaceAll("'", "\\'")}']`;
}
