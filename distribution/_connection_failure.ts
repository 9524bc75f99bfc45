import { errorCode } from "../digest/_error_code.ts";
import { ConnectionError, type ConnectionErrorCode } from "./errors.ts";
import { redactUrl } from "./redact.ts";
import type { TransportRequest } from "./transport.ts";

/** What is looked for in an error, and what people are told. */
interface Rule {
  readonly pattern: RegExp;
  readonly code: ConnectionErrorCode;
  readonly reason: (host: string) => string;
  readonly hint?: string;
}

const TRUST_HINT =
  "Pass the certificate of the authority that signed it, or accept any certificate if the line is safe";

/**
 * Ordered: the first that fits wins. Left the codes of Node and Bun, right the
 * words of Deno's `fetch`, whose errors have no code.
 */
const RULES: readonly Rule[] = [
  {
    pattern:
      /\b(ENOTFOUND|EAI_AGAIN|EAI_FAIL|EAI_NODATA)\b|dns error|failed to lookup address/,
    code: "HOST_UNKNOWN",
    reason: (host) => `host ${host} is unknown`,
  },
  {
    pattern: /\b(ECONNREFUSED|ConnectionRefused)\b|connection refused/i,
    code: "CONNECTION_REFUSED",
    reason: (host) => `${host} refused the connection`,
  },
  {
    pattern:
      /DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|CaUsedAsEndEntity/,
    code: "TLS_FAILED",
    reason: (host) =>
      `TLS failed, because the certificate of ${host} is self-signed and not known here`,
    hint: TRUST_HINT,
  },
  {
    pattern:
      /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|UnknownIssuer/,
    code: "TLS_FAILED",
    reason: (host) =>
      `TLS failed, because the certificate of ${host} was issued by an unknown authority`,
    hint: TRUST_HINT,
  },
  {
    pattern: /ERR_TLS_CERT_ALTNAME_INVALID|not valid for name|NotValidForName/,
    code: "TLS_FAILED",
    reason: (host) =>
      `TLS failed, because the certificate is not valid for ${host}`,
    hint: "Use a name that the certificate holds",
  },
  {
    pattern: /CERT_HAS_EXPIRED|certificate expired|\bExpired\b/,
    code: "TLS_FAILED",
    reason: (host) =>
      `TLS failed, because the certificate of ${host} has expired`,
  },
  {
    pattern: /CERT_NOT_YET_VALID|not valid yet|NotValidYet/,
    code: "TLS_FAILED",
    reason: (host) =>
      `TLS failed, because the certificate of ${host} is not valid yet`,
  },
  {
    pattern:
      /WRONG_VERSION_NUMBER|wrong version number|InvalidContentType|packet length too long/i,
    code: "TLS_FAILED",
    reason: (host) => `TLS failed, because ${host} does not speak TLS`,
    hint: "Use plain HTTP if the registry offers nothing else",
  },
  {
    pattern: /CERTIFICATE_REQUIRED|CertificateRequired/i,
    code: "TLS_FAILED",
    reason: (host) =>
      `TLS failed, because ${host} wants a certificate of the client`,
    hint: "Pass a client certificate and its key",
  },
  {
    pattern:
      /\bPROXY_REFUSED\b|proxy authentication required|unsuccessful tunnel/,
    code: "PROXY_REFUSED",
    reason: (host) => `the proxy does not lead to ${host}`,
    hint: "Look at the proxy's rules, and at the credential in its URL",
  },
  {
    pattern: /\b(ETIMEDOUT|UND_ERR_\w*TIMEOUT)\b|timed out/i,
    code: "CONNECTION_TIMEOUT",
    reason: (host) => `the connection to ${host} timed out`,
  },
  {
    pattern: /HPE_HEADER_OVERFLOW|header overflow/i,
    code: "CONNECTION_FAILED",
    reason: (host) => `the answer of ${host} has too large a head`,
  },
  {
    pattern: /\bHPE_\w+|invalid HTTP version|HTTPParserError/,
    code: "CONNECTION_FAILED",
    reason: (host) => `the answer of ${host} is not HTTP`,
    hint: "Use HTTPS if the registry wants it",
  },
  {
    pattern:
      /\b(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|ConnectionReset|ERR_STREAM_PREMATURE_CLOSE)\b|connection reset|connection closed|broken pipe|reading a body from connection|socket hang up|unexpected eof|other side closed/i,
    code: "CONNECTION_RESET",
    reason: (host) => `the connection to ${host} broke off`,
  },
  {
    pattern:
      /\b(ERR_TLS|ERR_SSL|EPROTO|CERT_)\w*|invalid peer certificate|\bCERT\b|fatal alert|\b(tls|ssl)\b/i,
    code: "TLS_FAILED",
    reason: (host) => `TLS with ${host} failed`,
  },
];

/**
 * Turns what a runtime throws into an error that says the same everywhere.
 *
 * The runtime's words can hold the whole URL with its secrets; where they name a
 * URL, the cause is their redacted text in place of the error itself.
 */
export function toConnectionError(
  error: unknown,
  { method, url }: Pick<TransportRequest, "method" | "url">,
): ConnectionError {
  if (error instanceof ConnectionError) return error;
  const words = describe(error);
  const bare = withoutUrls(words);
  const rule = RULES.find(({ pattern }) => pattern.test(bare));
  const reason = rule?.reason(url.host) ?? "the connection failed";
  const isVague = rule === undefined || rule === RULES.at(-1);
  const detail = bare.split("\n")[0]!.slice(0, 300);
  return new ConnectionError(
    rule?.code ?? "CONNECTION_FAILED",
    isVague && detail !== "" ? `${reason} (${detail})` : reason,
    {
      method,
      url,
      hint: rule?.hint,
      cause: bare === words ? error : new Error(redactUrls(words)),
    },
  );
}

/** Whether Deno's `fetch` failed for this reason, which only its words tell. */
export function failureMentions(error: unknown, pattern: RegExp): boolean {
  return pattern.test(withoutUrls(describe(error)));
}

/** The codes and messages of an error and its causes. */
function describe(error: unknown): string {
  const words: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    const code = errorCode(at);
    // "fetch failed" alone says nothing: what matters is its cause.
    const text = at.message === "fetch failed" ? "" : at.message;
    words.push(
      code !== undefined && !text.includes(code) ? `${code} ${text}` : text,
    );
    at = at.cause;
  }
  return words.filter((word) => word !== "").join(": ");
}

const URLS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s)]+/gi;

/** Takes URLs and names out, so that a host called `tls.example` is not taken for a reason. */
function withoutUrls(text: string): string {
  return text.replace(URLS, "…").replace(/for name "[^"]*"/g, "for name");
}

function redactUrls(text: string): string {
  return text.replace(URLS, (url) => redactUrl(url));
}
