import type { Authenticate, ServerUser } from "./basic_auth.ts";

const LIFETIME = 5 * 60 * 1000;
const MAX_REMEMBERED = 1000;

interface Verified {
  readonly answer: Promise<ServerUser | undefined>;
  readonly expires: number;
}

/**
 * Remembers right credentials for a while, and lets equal requests that come at
 * once share one check. What is remembered is a hash under a key that only this
 * process has, and never the password.
 */
export function rememberVerified(authenticate: Authenticate): Authenticate {
  const verified = new Map<string, Verified>();
  let key: Promise<CryptoKey> | undefined;

  return async (username, password) => {
    key ??= makeKey();
    const id = await sign(await key, JSON.stringify([username, password]));
    const known = verified.get(id);
    if (known !== undefined && known.expires > Date.now()) {
      return await known.answer;
    }
    const answer = (async () => await authenticate(username, password))();
    verified.delete(id);
    verified.set(id, { answer, expires: Date.now() + LIFETIME });
    if (verified.size > MAX_REMEMBERED) {
      verified.delete(verified.keys().next().value!);
    }
    try {
      const user = await answer;
      if (user === undefined) verified.delete(id);
      return user;
    } catch (error) {
      verified.delete(id);
      throw error;
    }
  };
}

async function makeKey(): Promise<CryptoKey> {
  return await crypto.subtle.generateKey(
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  ) as CryptoKey;
}

async function sign(key: CryptoKey, text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const mac = await crypto.subtle.sign("HMAC", key, bytes);
  return String.fromCharCode(...new Uint8Array(mac));
}
