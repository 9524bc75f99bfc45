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

const owners = new WeakMap<Response, Secrets>();

/** Ties a response to the secrets that it may quote. */
export function ownSecrets(response: Response, secrets: Secrets): void {
  owners.set(response, secrets);
}

/** Ties a response to the secrets of another that it was made of. */
export function inheritSecrets(response: Response, from: Response): void {
  const secrets = owners.get(from);
  if (secrets !== undefined) owners.set(response, secrets);
}

/** A text out of a response, without the secrets that the request had carried. */
export function scrubbed(response: Response, text: string): string {
  return owners.get(response)?.scrub(text) ?? text;
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
