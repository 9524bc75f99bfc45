import { createRegistry, issueTokens } from "@gantry/oci/distribution/server";
import { serve } from "@gantry/oci/distribution/server/node";
import { startDockerRegistry } from "./docker_registry.ts";
import { found } from "./programs.ts";

/** A registry that a guide is walked through with. */
export interface GuideRegistry extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:5000`. */
  readonly url: string;
}

/** How {@linkcode GuideTarget.open} starts a registry. */
export interface GuideRegistryOptions {
  /** The only user that is let in; everybody is where not given. */
  readonly user?: { readonly username: string; readonly password: string };
}

/** A kind of registry that guides are walked through with. */
export interface GuideTarget {
  /** What it is called in the names of tests. */
  readonly name: string;
  /** Whether it is not installed. */
  readonly ignore: boolean;
  /** Starts an empty one on a loopback port. */
  open(options?: GuideRegistryOptions): Promise<GuideRegistry>;
}

/** Ours, which asks for tokens where there is a user, and Debian's, which asks for Basic. */
export const GUIDE_TARGETS: readonly GuideTarget[] = [
  { name: "the embedded registry", ignore: false, open: openEmbedded },
  {
    name: "docker-registry",
    ignore: !found("docker-registry"),
    open: openDocker,
  },
];

async function openEmbedded(
  { user }: GuideRegistryOptions = {},
): Promise<GuideRegistry> {
  return await serve(createRegistry(
    user && {
      tokens: issueTokens(),
      authenticate: (username, password) =>
        username === user.username && password === user.password
          ? { name: username }
          : undefined,
    },
  ));
}

async function openDocker(
  { user }: GuideRegistryOptions = {},
): Promise<GuideRegistry> {
  const registry = await startDockerRegistry({
    ...user && { user },
    schema1: true,
  });
  return {
    url: `http://${registry.host}`,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}
