/** Fields of regsync that change nothing of what is copied here, and why. */
export const IGNORED: ReadonlyMap<string, string> = new Map([
  ["interval", "schedules are left to cron and CI"],
  ["schedule", "schedules are left to cron and CI"],
  ["ratelimit", "a registry that asks to wait is waited for"],
  ["hooks", "no programs are run"],
  ["mediaTypes", "content of every type is copied"],
  ["platforms", "all platforms are copied, or the one of platform"],
  ["referrerFilters", "all referrers are copied"],
  ["referrerSlow", "referrers are copied with what they are about"],
  ["userAgent", "the program names itself"],
  ["blobLimit", "nothing is held in memory"],
  ["cacheCount", "what is read once is kept for the run"],
  ["cacheTime", "what is read once is kept for the run"],
  ["repoAuth", "tokens are always asked for by repository"],
  ["blobChunk", "uploads are sent whole, or in parts as --chunk-size says"],
  ["blobMax", "uploads are sent whole, or in parts as --chunk-size says"],
  ["priority", "mirrors are asked in the order of --mirror"],
  ["credExpire", "credentials are read once"],
]);

/** Fields of regsync without which something else would be done than is meant, and why. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ["referrerSource", "referrers are taken from the source"],
  ["referrerTarget", "referrers go to the target"],
  ["hostname", "--resolve sends a registry's name to another address"],
  ["scheme", "tls tells how a registry is reached"],
  ["dns", "--resolve sends a registry's name to another address"],
  ["token", "docker's file of credentials holds tokens"],
  ["credHelper", "docker's file of credentials names helpers"],
  ["credHost", "docker's file of credentials names helpers"],
  ["pathPrefix", "--mirror takes a prefix"],
  ["mirrors", "--mirror names the mirrors of a registry"],
  ["api", "registries are spoken to by the distribution specification only"],
  [
    "apiOpts",
    "registries are spoken to by the distribution specification only",
  ],
]);
