import type { TokenRequestSeen } from "../distribution/_auth_world.ts";

/** The one user. */
export const ME = { username: "me", password: "s3cret" };

/** A token service that knows one user. */
export function onlyMe({ authorization }: TokenRequestSeen): Response {
  return authorization === `Basic ${btoa("me:s3cret")}`
    ? Response.json({ token: `t0ken-${crypto.randomUUID()}` })
    : new Response(null, { status: 401 });
}
