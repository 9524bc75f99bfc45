import { spawn } from "node:child_process";
import type { Credential } from "../credential.ts";
import { CredentialError } from "../credential_error.ts";
import type { SignalOptions } from "../signal_options.ts";
import { isHelperName } from "./_helper_name.ts";

/** How {@linkcode CredentialHelper} runs its program. */
export interface CredentialHelperOptions {
  /**
   * The environment of the program, `PATH` included, by which it is found.
   *
   * @default {the environment of this process}
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A user name that means: the secret is an identity token. */
const IDENTITY_TOKEN_USER = "<token>";
/** How a helper says that it holds nothing, on stdout and with a failing exit code. */
const NOT_FOUND =
  /credentials not found|no credentials (?:server URL|username)/i;
const MAX_OUTPUT = 1024 * 1024;
const TOO_MUCH = `its answer is larger than ${MAX_OUTPUT} bytes`;

/**
 * A program `docker-credential-NAME` that keeps credentials, as docker runs them.
 *
 * Secrets pass through its standard input and output, never through its
 * arguments. What it prints gets into no error, because it may hold a secret.
 *
 * @example
 * ```ts
 * import { CredentialHelper } from "@gantry/oci/distribution/node";
 * import { assertThrows } from "@std/assert";
 *
 * const helper = new CredentialHelper("pass");
 * // await helper.get("registry.example");
 * assertThrows(() => new CredentialHelper("../pass"), TypeError);
 * ```
 */
export class CredentialHelper {
  /** The name of the program. */
  readonly program: string;
  readonly #env: Readonly<Record<string, string | undefined>> | undefined;

  /**
   * Names a helper; nothing runs yet.
   *
   * @throws {TypeError} The name is no plain file name.
   */
  constructor(name: string, options: CredentialHelperOptions = {}) {
    if (!isHelperName(name)) {
      throw new TypeError(
        `Cannot use credential helper ${JSON.stringify(name)}: ` +
          "expected a name without path",
      );
    }
    this.program = `docker-credential-${name}`;
    this.#env = options.env;
  }

  /**
   * Gives the credential kept for a server, or undefined.
   *
   * @param server The key, such as `ghcr.io` or `https://index.docker.io/v1/`.
   * @throws {CredentialError} The helper is missing, fails, or answers nonsense.
   */
  async get(
    server: string,
    options: SignalOptions = {},
  ): Promise<Credential | undefined> {
    const { code, output } = await this.#run("get", server, server, options);
    if (code !== 0) {
      if (NOT_FOUND.test(output)) return undefined;
      throw this.#failed("get", server, endOf(code));
    }
    let reply: unknown;
    try {
      reply = JSON.parse(output);
    } catch {
      throw this.#failed("get", server, "its answer is no JSON");
    }
    const { Username: user, Secret: secret } = Object(reply);
    if (typeof user !== "string" || typeof secret !== "string") {
      throw this.#failed("get", server, "its answer holds no credential");
    }
    if (user === "" && secret === "") return undefined;
    return user === IDENTITY_TOKEN_USER
      ? { identityToken: secret }
      : { username: user, password: secret };
  }

  /**
   * Keeps a credential for a server.
   *
   * @throws {CredentialError} The helper is missing or fails.
   * @throws {TypeError} The credential is an access token, which helpers cannot keep.
   */
  async store(
    server: string,
    credential: Credential,
    options: SignalOptions = {},
  ): Promise<void> {
    if ("registryToken" in credential) {
      throw new TypeError(
        `Cannot store the credential of ${server}: ` +
          "a credential helper keeps no access tokens",
      );
    }
    const [user, secret] = "password" in credential
      ? [credential.username, credential.password]
      : [IDENTITY_TOKEN_USER, credential.identityToken];
    const input = JSON.stringify({
      ServerURL: server,
      Username: user,
      Secret: secret,
    });
    const { code } = await this.#run("store", server, input, options);
    if (code !== 0) {
      throw this.#failed("store", server, endOf(code));
    }
  }

  /**
   * Forgets what is kept for a server; tells whether the helper had it.
   *
   * @throws {CredentialError} The helper is missing or fails.
   */
  async erase(
    server: string,
    options: SignalOptions = {},
  ): Promise<boolean> {
    const { code, output } = await this.#run("erase", server, server, options);
    if (code === 0) return true;
    if (NOT_FOUND.test(output)) return false;
    throw this.#failed("erase", server, endOf(code));
  }

  /**
   * Lists what the helper keeps: the user of each server, without secrets.
   *
   * @throws {CredentialError} The helper is missing, fails, or answers nonsense.
   */
  async list(options: SignalOptions = {}): Promise<Map<string, string>> {
    const every = "all servers";
    const { code, output } = await this.#run("list", every, "", options);
    if (code !== 0) throw this.#failed("list", every, endOf(code));
    const users = new Map<string, string>();
    try {
      for (const [server, user] of Object.entries(JSON.parse(output))) {
        if (typeof user === "string") users.set(server, user);
      }
    } catch {
      throw this.#failed("list", every, "its answer is no JSON object");
    }
    return users;
  }

  #run(
    action: string,
    server: string,
    input: string,
    { signal }: SignalOptions,
  ): Promise<{ code: number | null; output: string }> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const child = spawn(this.program, [action], {
        stdio: ["pipe", "pipe", "ignore"],
        windowsHide: true,
        ...(this.#env === undefined ? {} : { env: { ...this.#env } }),
      });
      let isDone = false;
      const fail = (reason: unknown) => {
        if (isDone) return;
        isDone = true;
        signal?.removeEventListener("abort", abort);
        reject(reason);
      };
      // Another program that it began may still hold its output, or it may not want to
      // end: that is not waited for.
      const leave = (reason: unknown) => {
        child.kill("SIGKILL");
        child.stdin.destroy();
        child.stdout.destroy();
        child.unref();
        fail(reason);
      };
      const abort = () => leave(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      const chunks: Uint8Array[] = [];
      let size = 0;
      child.stdout.on("data", (chunk: Uint8Array) => {
        size += chunk.byteLength;
        if (size <= MAX_OUTPUT) chunks.push(chunk);
        else leave(this.#failed(action, server, TOO_MUCH));
      });
      child.on("error", (cause: Error & { code?: string }) => {
        fail(
          cause.code === "ENOENT"
            ? this.#missing(action, server)
            : this.#failed(action, server, "it could not be started", cause),
        );
      });
      child.on("close", (code) => {
        if (isDone) return;
        isDone = true;
        signal?.removeEventListener("abort", abort);
        const text = new TextDecoder();
        let output = "";
        for (const chunk of chunks) {
          output += text.decode(chunk, { stream: true });
        }
        resolve({ code, output: output + text.decode() });
      });
      // A helper may end without reading its input; its exit code then tells.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
  }

  #missing(action: string, server: string): CredentialError {
    return new CredentialError(
      "CREDENTIAL_HELPER_MISSING",
      `Cannot ${action} the credential of ${server}: found no program ${this.program}`,
      { hint: "Install the helper, or take it out of docker's config.json" },
    );
  }

  #failed(
    action: string,
    server: string,
    reason: string,
    cause?: unknown,
  ): CredentialError {
    return new CredentialError(
      "CREDENTIAL_HELPER_FAILED",
      `Cannot ${action} the credential of ${server} with ${this.program}: ${reason}`,
      {
        hint: `Run ${this.program} ${action} by hand to see its words`,
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }
}

function endOf(code: number | null): string {
  return code === null
    ? "it was ended by a signal"
    : `it exited with code ${code}`;
}
