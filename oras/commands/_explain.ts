import { OciError } from "../../digest/oci_error.ts";
import {
  ConnectionError,
  type ErrorInfo,
  RegistryError,
} from "../../distribution/errors.ts";
import { InvalidReferenceError } from "../../distribution/reference_error.ts";
import { CommandError, type CommandErrorOptions } from "./_errors.ts";
import { printable } from "./_printable.ts";

/**
 * Finds the words for an error that a command met, on one line: a title or an
 * answer that is quoted in them could forge another.
 */
export function explain(error: unknown): CommandError {
  if (error instanceof RegistryError) return explainAnswer(error);
  if (error instanceof InvalidReferenceError) {
    return oneLine(
      error.message.replace(/^Cannot parse reference/, "invalid reference"),
      {
        cause: error,
        hint: error.hint ??
          "Please make sure the provided reference is in the form of <registry>/<repo>[:tag|@digest]",
      },
    );
  }
  if (error instanceof ConnectionError) {
    return oneLine(error.message, {
      cause: error,
      hint: error.code === "TLS_FAILED" ? TLS_HINT : error.hint,
    });
  }
  if (error instanceof DOMException && error.name === "AbortError") {
    return oneLine("interrupted", { cause: error });
  }
  return oneLine(
    error instanceof Error ? ofSystem(error.message) : String(error),
    {
      cause: error,
      hint: error instanceof OciError
        ? flagHint(error) ?? error.hint
        : undefined,
    },
  );
}

/** What the operating system said of a path, in the words of other messages. */
function ofSystem(message: string): string {
  const [, reason, path] = /^E[A-Z]+: (.+?), [a-z]+ '([^']+)'/.exec(message) ??
    /^(.+?) \(os error \d+\): [a-z]+ '([^']+)'/.exec(message) ?? [];
  return reason === undefined
    ? message
    : `Cannot use ${path}: ${reason.toLowerCase()}`;
}

function oneLine(message: string, options: CommandErrorOptions): CommandError {
  return new CommandError(printable(message), options);
}

function flagHint({ code, message }: OciError): string | undefined {
  // What is pushed comes of nobody else.
  const isPush = code === "PATH_TRAVERSAL" && message.startsWith("Cannot push");
  return isPush ? undefined : FLAG_HINTS[code];
}

/** Which flag helps, by the code of the error. */
const FLAG_HINTS: Readonly<Record<string, string>> = {
  PATH_ABSOLUTE:
    "If it's intentional, use --disable-path-validation to push it and --allow-path-traversal to pull it",
  PATH_TRAVERSAL:
    "If you trust whoever made the artifact, use --allow-path-traversal",
};

const TLS_HINT =
  "Use --plain-http for a registry without TLS, or --ca-file for one with a private authority";

function explainAnswer(error: RegistryError): CommandError {
  const { errors, hint, method, status, url } = error;
  const { host, pathname } = new URL(url);
  const registry = host === "registry-1.docker.io" ? "docker.io" : host;
  const reads = method === "GET" || method === "HEAD";
  const found = /^\/v2\/(.+)\/(?:manifests|blobs)\/([^/]+)$/.exec(pathname);
  let message: string;
  if (status === 404 && reads && found !== null) {
    const target = decodeURIComponent(found[2]!);
    const mark = target.includes(":") ? "@" : ":";
    message = `${registry}/${found[1]}${mark}${target}: not found`;
  } else if (errors.length > 0) {
    message = errors.map(describe).join("; ");
  } else {
    message = `${method} "${url}": response status code ${status}${
      statusText(status)
    }`;
  }
  return oneLine(message, {
    cause: error,
    prefix: "Error response from registry:",
    hint: hint ??
      (status === 401
        ? `Log in with "gantry login ${registry}", or check the credential that is stored or given by flags`
        : undefined),
  });
}

/** `code in lower case: message: detail`. */
function describe({ code, detail, message }: ErrorInfo): string {
  return [
    code.toLowerCase().replaceAll("_", " "),
    ...(message ? [message] : []),
    ...(detail === undefined || detail === null ? [] : [goValue(detail)]),
  ].join(": ");
}

/** A value as Go prints it by default. */
function goValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goValue).join(" ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const members = Object.entries(value)
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, item]) => `${key}:${goValue(item)}`);
  return `map[${members.join(" ")}]`;
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  411: "Length Required",
  413: "Request Entity Too Large",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

function statusText(status: number): string {
  const text = STATUS_TEXTS[status];
  return text === undefined ? "" : `: ${text}`;
}
