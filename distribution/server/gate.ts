import {
  type Authenticate,
  parseBasic,
  type ServerUser,
} from "./basic_auth.ts";
import {
  type BearerTokens,
  isGranted,
  parseBearer,
  type TokenGrant,
} from "./bearer_tokens.ts";
import { type Action, ACTIONS, type Permit } from "./permissions.ts";
import { RequestError } from "./request_error.ts";

/** Who may do what. */
export interface GateOptions {
  /** Checks names and passwords. */
  readonly authenticate?: Authenticate | undefined;
  /** Takes Bearer tokens. */
  readonly tokens?: BearerTokens | undefined;
  /** What anybody may do everywhere. */
  readonly anonymous?: readonly Action[] | undefined;
  /** What else somebody may do somewhere. */
  readonly permit?: Permit | undefined;
}

/** Somebody who asks, and what that one may do. */
export interface Visitor {
  /** Who it is; undefined without credentials. */
  readonly user: ServerUser | undefined;
  /** Whether there were credentials, or nobody needs them. */
  readonly isKnown: boolean;
  /** Whether an action is allowed with these credentials. */
  may(action: Action, repository: string): Promise<boolean>;
  /** Whether an action is allowed at all, also where this token was not made for it. */
  mayEver(action: Action, repository: string): Promise<boolean>;
  /**
   * Why an action is refused, where it is: 401 `UNAUTHORIZED` where other credentials
   * are needed, 403 `DENIED` where none would help.
   */
  refusal(
    action: Action,
    repository: string,
  ): Promise<RequestError | undefined>;
  /**
   * Goes on only where somebody has shown credentials, or nobody needs them.
   *
   * @throws {RequestError} 401 `UNAUTHORIZED`.
   */
  requireKnown(): void;
}

/** Finds out who asks, by the header `Authorization`. */
export class Gate {
  readonly #options: GateOptions;
  readonly #permit: Permit;
  /** Whether anybody may do anything, and nobody is asked for credentials. */
  readonly #isOpen: boolean;

  /** Takes the rules. */
  constructor(options: GateOptions) {
    const { authenticate, tokens, anonymous, permit } = options;
    const hasUsers = authenticate !== undefined || tokens !== undefined;
    this.#options = options;
    this.#permit = permit ?? ((user) => (user === undefined ? [] : ACTIONS));
    this.#isOpen = !hasUsers && anonymous === undefined && permit === undefined;
  }

  /**
   * Finds out who asks. `realm` gives the URL of the own token endpoint.
   *
   * @throws {RequestError} 401 `UNAUTHORIZED`: there are wrong credentials.
   */
  async identify(headers: Headers, realm: () => string): Promise<Visitor> {
    if (this.#isOpen) return EVERYBODY;
    const header = headers.get("authorization");
    if (header === null) return this.#visitor({}, realm);
    const { authenticate, tokens } = this.#options;
    const token = parseBearer(header);
    if (token !== undefined) {
      const grant = await tokens?.verify(token);
      if (grant === undefined) {
        throw this.#challenge(realm, { error: "invalid_token" });
      }
      const user = grant.user === undefined ? undefined : { name: grant.user };
      return this.#visitor({ user, grant }, realm);
    }
    const basic = parseBasic(header);
    // Some clients send empty credentials where they have none.
    if (basic?.username === "" && basic.password === "") {
      return this.#visitor({}, realm);
    }
    const user = basic &&
      await authenticate?.(basic.username, basic.password);
    if (!user) throw this.#challenge(realm);
    return this.#visitor({ user }, realm);
  }

  /** Whether somebody may do something, whatever the credentials were. */
  async permits(
    user: ServerUser | undefined,
    action: Action,
    repository: string,
  ): Promise<boolean> {
    return this.#options.anonymous?.includes(action) ||
      (await this.#permit(user, repository)).includes(action);
  }

  #visitor(
    { user, grant }: { user?: ServerUser | undefined; grant?: TokenGrant },
    realm: () => string,
  ): Visitor {
    const { authenticate, tokens } = this.#options;
    const mayEver = (action: Action, repository: string) =>
      this.permits(user, action, repository);
    const may = async (action: Action, repository: string) =>
      await mayEver(action, repository) &&
      (grant === undefined ||
        isGranted(grant, "repository", repository, scopeAction(action)));
    const isKnown = user !== undefined || grant !== undefined ||
      (authenticate === undefined && tokens === undefined);
    return {
      user,
      isKnown,
      may,
      mayEver,
      refusal: async (action, repository) => {
        if (await may(action, repository)) return undefined;
        const scope = `repository:${repository}:${scopeActions(action)}`;
        const isLacking = grant !== undefined &&
          await mayEver(action, repository);
        if (isLacking) {
          const error = "insufficient_scope";
          return this.#challenge(realm, { scope, error });
        }
        if (!isKnown || (grant !== undefined && user === undefined)) {
          return this.#challenge(realm, { scope });
        }
        return new RequestError(403, "DENIED", "The action is not permitted", {
          detail: { action, repository },
        });
      },
      requireKnown: () => {
        if (!isKnown) throw this.#challenge(realm);
      },
    };
  }

  /** 401, with what a client needs to come back with credentials. */
  #challenge(
    realm: () => string,
    more: Readonly<Record<string, string>> = {},
  ): RequestError {
    const { tokens } = this.#options;
    const parameters = tokens === undefined
      ? { realm: "gantry", charset: "UTF-8" }
      : { realm: tokens.realm ?? realm(), service: tokens.service, ...more };
    const scheme = tokens === undefined ? "Basic" : "Bearer";
    const text = Object.entries(parameters)
      .map(([name, value]) => `${name}="${value.replace(/["\\]/g, "\\$&")}"`)
      .join(tokens === undefined ? ", " : ",");
    return new RequestError(
      401,
      "UNAUTHORIZED",
      "Authentication is required",
      { headers: { "www-authenticate": `${scheme} ${text}` } },
    );
  }
}

/** The action's name in tokens, which know no `update`. */
function scopeAction(action: Action): string {
  return action === "update" ? "push" : action;
}

/** What a client must ask for: who pushes also looks what is there. */
function scopeActions(action: Action): string {
  return action === "pull" ? "pull" : `pull,${scopeAction(action)}`;
}

const EVERYBODY: Visitor = {
  user: undefined,
  isKnown: true,
  may: () => Promise.resolve(true),
  mayEver: () => Promise.resolve(true),
  refusal: () => Promise.resolve(undefined),
  requireKnown: () => {},
};
