import type { RegistryServer } from "@gantry/oci/distribution/server";
import { client, type Registry } from "./_registries.ts";

/** An `Authorization` header for a name and a password. */
export function basic(user: string, password = "secret"): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** Lets in whoever knows the password `secret`. */
export function authenticate(
  name: string,
  password: string,
): { name: string } | undefined {
  return password === "secret" ? { name } : undefined;
}

/** Somebody who sends the same headers with every request. */
export function visitor(
  registry: RegistryServer,
  headers: Record<string, string> = {},
): Registry {
  return client((path, init = {}) =>
    registry.fetch(
      new Request(new URL(path, "http://registry.test"), {
        ...init,
        headers: { ...headers, ...init.headers as Record<string, string> },
      }),
    )
  );
}

/** Somebody with a name, or without one. */
export function visitors(
  registry: RegistryServer,
): (user?: string) => Registry {
  return (user) =>
    visitor(registry, user === undefined ? {} : { authorization: basic(user) });
}
