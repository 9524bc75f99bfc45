import type { Token } from "./token.ts";
import { coversScopes } from "./scope.ts";

/** Tokens of one registry by what they were asked for. They never serve another. */
export class TokenCache {
  readonly #tokens = new Map<string, Token>();

  /** A token that serves these merged scopes and is not about to expire. */
  get(scopes: readonly string[], now: number): Token | undefined {
    for (const [key, token] of this.#tokens) {
      if (token.expiresAt <= now) this.#tokens.delete(key);
    }
    const exact = this.#tokens.get(keyOf(scopes));
    if (exact !== undefined) return exact;
    for (const token of this.#tokens.values()) {
      if (coversScopes(token.scopes, scopes)) return token;
    }
    return undefined;
  }

  /** Keeps a token for the scopes that it was asked for. */
  set(token: Token): void {
    this.#tokens.set(keyOf(token.scopes), token);
  }

  /** Forgets a token that was rejected, unless a newer one took its place. */
  delete(token: Token): void {
    const key = keyOf(token.scopes);
    if (this.#tokens.get(key) === token) this.#tokens.delete(key);
  }
}

function keyOf(scopes: readonly string[]): string {
  return scopes.join(" ");
}
