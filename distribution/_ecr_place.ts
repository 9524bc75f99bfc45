/** A registry of Amazon's, and where its passwords come from. */
export interface EcrPlace {
  /** Whether it is the public gallery. */
  readonly isPublic: boolean;
  /** The region that the request is signed for. */
  readonly region: string;
  /** The host of the service. */
  readonly host: string;
}

/** Account, `-fips`, region and domain of a private registry. */
const PRIVATE =
  /^\d{12}\.dkr[.-]ecr(-fips)?\.([a-z]+(?:-[a-z]+)+-\d+)\.(amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)$/;

const PUBLIC: EcrPlace = {
  isPublic: true,
  region: "us-east-1",
  host: "api.ecr-public.us-east-1.amazonaws.com",
};

/** The place of a registry, `host[:port]`; undefined where it is not Amazon's. */
export function ecrPlaceOf(registry: string): EcrPlace | undefined {
  if (registry === "public.ecr.aws") return PUBLIC;
  const [, fips, region, domain] = PRIVATE.exec(registry) ?? [];
  if (region === undefined || domain === undefined) return undefined;
  // Hosts that speak IPv6 too belong to a service with another name.
  const isDual = domain.startsWith("on.");
  const service = fips ? "ecr-fips" : isDual ? "ecr" : "api.ecr";
  const end = isDual ? domain.replace(/^on/, "api") : domain;
  return { isPublic: false, region, host: `${service}.${region}.${end}` };
}
