import { errorCode } from "../../digest/_error_code.ts";
import { CredentialError } from "../credential_error.ts";
import { readCredentialFile } from "./_credential_file.ts";

/** The fields of the first section that has one of these names; undefined where the file has none. */
export async function readSection(
  path: string,
  names: readonly string[],
): Promise<Record<string, string> | undefined> {
  let text: string;
  try {
    text = await readCredentialFile(path);
  } catch (cause) {
    if (cause instanceof CredentialError) throw cause;
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new CredentialError(
      "CREDENTIAL_CONFIG_UNREADABLE",
      `Cannot read ${path}: ${code === "EACCES" ? "permission denied" : code}`,
      { cause },
    );
  }
  const sections = parseSections(text);
  return names.map((name) => sections.get(name))
    .find((section) => section !== undefined);
}

/** Reads the form that the AWS tools write: sections of `name = value`, comments on lines of their own. */
function parseSections(text: string): Map<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>();
  let fields: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
    if (header !== undefined) {
      const name = header.replace(/\s+/g, " ");
      fields = sections.get(name) ?? {};
      sections.set(name, fields);
      continue;
    }
    // A line that begins with a blank belongs to the value above it.
    const [, key, value] = /^([^\s#;=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (fields && key && value !== undefined) {
      fields[key.toLowerCase()] = value.replace(/\s+[#;].*$/, "");
    }
  }
  return sections;
}
