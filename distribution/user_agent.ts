import config from "../deno.json" with { type: "json" };

/** The version of this package, `major.minor.patch`. */
export const VERSION: string = config.version;

/** What this package calls itself in requests, where the caller names nothing else. */
export const USER_AGENT: string = `gantry/${config.version}`;
