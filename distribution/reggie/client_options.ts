import type { CredentialStore } from "../credential.ts";
import type { Transport } from "../transport.ts";

/** Takes a line about a request or an answer. It must be quick, and must not throw. */
export type DebugHook = (line: string) => void;

/** How a `Client` reaches its registry, and as whom. */
export interface ClientOptions {
  /**
   * The user, who is made known only where the registry asks. Comes with `password`.
   *
   * @default {none: anonymous}
   */
  readonly username?: string | undefined;
  /** The user's password. Comes with `username`. */
  readonly password?: string | undefined;
  /**
   * Where credentials come from, in place of `username` and `password`.
   *
   * @default {none: anonymous}
   */
  readonly credentials?: CredentialStore | undefined;
  /**
   * The scope to ask tokens for, such as `repository:team/app:pull,push`.
   *
   * @default {what the challenge names}
   */
  readonly authScope?: string | undefined;
  /**
   * What stands for `<name>` in requests that bring no name of their own.
   *
   * @default {none}
   */
  readonly defaultName?: string | undefined;
  /**
   * Gets a line for each request and each answer on the wire, secrets taken out. With
   * `true` the lines go to `console.error`.
   *
   * @default {false}
   */
  readonly debug?: boolean | DebugHook | undefined;
  /**
   * What to call the client.
   *
   * @default {"gantry/" and the version}
   */
  readonly userAgent?: string | undefined;
  /**
   * Accept any certificate. Dangerous: whoever sits on the line can read and change everything.
   *
   * @default {false}
   */
  readonly insecure?: boolean | undefined;
  /**
   * The base that sends requests. Redirects and authentication are wrapped around it.
   *
   * @default {defaultTransport()}
   */
  readonly transport?: Transport | undefined;
}

/** How a `Client` was set up, defaults filled in. */
export interface ClientConfig {
  /** The registry's URL, without a slash at its end. */
  readonly address: string;
  /** The user. */
  readonly username: string | undefined;
  /** The user's password. It is left out where the object is printed or serialised. */
  readonly password: string | undefined;
  /** The scope to ask tokens for. */
  readonly authScope: string | undefined;
  /** What stands for `<name>`. */
  readonly defaultName: string | undefined;
  /** Whether requests are reported, or where to. */
  readonly debug: boolean | DebugHook;
  /** What the client calls itself. */
  readonly userAgent: string;
  /** Whether it accepts any certificate. */
  readonly insecure: boolean;
}
