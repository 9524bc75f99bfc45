import { OciError } from "../digest/oci_error.ts";
import type { Credential } from "./credential.ts";
import { isSecretHeader, REDACTED } from "./redact.ts";

/** A shorter text stands everywhere by chance, and so says nothing. */
const MIN_LENGTH = 4;
/** So much of a long secret is enough to know it by, in case a quotation is cut. */
const MARK = 16;
/** How many texts are kept; the oldest are forgotten, as their tokens have expired. */
const MAX_KEPT = 256;

/** The secrets that a client has sent, to be taken out of what comes back. */
export class Secrets {
  readonly #known = new Set<string>();

  /** Remembers a secret, as it is and as URLs write it. */
  note(secret: string): void {
    for (const form of [secret, encodeURIComponent(secret)]) {
      if (form.length < MIN_LENGTH) continue;
      this.#known.delete(form);
      this.#known.add(form);
    }
    while (this.#known.size > MAX_KEPT) {
      this.#known.delete(this.#known.values().next().value!);
    }
  }

  /** Remembers what a request's secret headers hold, and those of these names too. */
  noteHeaders(headers: Headers, names: Iterable<string> = []): void {
    const more = new Set(names);
    for (const [name, value] of headers) {
      if (isSecretHeader(name) || more.has(name)) this.#noteValue(value);
    }
  }

  /** Remembers a credential, and how Basic authentication writes it. */
  noteCredential(credential: Credential): void {
    if ("password" in credential) {
      const { password, username } = credential;
      const pair = `${username}:${password}`;
      const bytes = new TextEncoder().encode(pair);
      for (const text of [password, pair, encode(bytes)]) this.note(text);
    } else if ("identityToken" in credential) {
      this.note(credential.identityToken);
    } else {
      this.note(credential.registryToken);
    }
  }

  /** The text without any of the secrets. */
  scrub(text: string): string {
    let clean = text;
    // The longest first: a password is a part of its pair.
    const known = [...this.#known].sort((a, b) => b.length - a.length);
    for (const secret of known) clean = without(clean, secret);
    return clean;
  }

  /** The same data without any of the secrets in its texts. */
  scrubData<Data>(data: Data): Data;
  scrubData(data: unknown): unknown {
    if (typeof data === "string") return this.scrub(data);
    if (Array.isArray(data)) return data.map((item) => this.scrubData(item));
    if (typeof data !== "object" || data === null) return data;
    if (Object.getPrototypeOf(data) !== Object.prototype) return data;
    return Object.fromEntries(
      Object.entries(data).map(([name, item]) => [name, this.scrubData(item)]),
    );
  }

  /** The error without any of the secrets: an answer can make it quote one, in a URL or a preview. */
  scrubError(error: unknown): unknown {
    if (!(error instanceof OciError)) return error;
    const { cause, message, stack = "" } = error;
    const hasDirtyCause = cause instanceof Error &&
      this.scrub(cause.message) !== cause.message;
    return Object.assign(error, {
      ...this.scrubData({ ...error }),
      message: this.scrub(message),
      stack: this.scrub(stack),
      ...hasDirtyCause && { cause: new Error(this.scrub(cause.message)) },
    });
  }

  #noteValue(value: string): void {
    this.note(value);
    const [, scheme = "", token] = /^(\S+) +(\S+)$/.exec(value) ?? [];
    if (token === undefined) return;
    this.note(token);
    const pair = scheme.toLowerCase() === "basic" ? decode(token) : undefined;
    if (pair === undefined) return;
    this.note(pair);
    this.note(pair.slice(pair.indexOf(":") + 1));
  }
}

/** Whose secrets may be quoted: by a response, or in what a client makes of one. */
const owners = new WeakMap<object, Secrets>();

/** Ties a response or a client to the secrets that it may quote. */
export function ownSecrets(owner: object, secrets: Secrets): void {
  owners.set(owner, secrets);
}

/** Ties a response to the secrets of another that it was made of. */
export function inheritSecrets(response: Response, from: Response): void {
  const secrets = owners.get(from);
  if (secrets !== undefined) owners.set(response, secrets);
}

/** A text out of a response, or out of one of a client's, without the secrets that were sent. */
export function scrubbed(owner: object, text: string): string {
  return owners.get(owner)?.scrub(text) ?? text;
}

/** An error that came of an answer, or of one of a client's, without the secrets that were sent. */
export function scrubbedError(owner: object, error: unknown): unknown {
  return owners.get(owner)?.scrubError(error) ?? error;
}

/** Takes out a secret; of a long one also what is left where the quotation was cut. */
function without(text: string, secret: string): string {
  if (secret.length <= MARK) return text.replaceAll(secret, REDACTED);
  const mark = secret.slice(0, MARK);
  let clean = "";
  let from = 0;
  for (;;) {
    const at = text.indexOf(mark, from);
    if (at < 0) return clean + text.slice(from);
    let length = MARK;
    while (length < secret.length && text[at + length] === secret[length]) {
      length++;
    }
    clean += text.slice(from, at) + REDACTED;
    from = at + length;
  }
}

function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function decode(token: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(token), (char) => char.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    return undefined;
  }
}
