import type { ClientOptions } from "@gantry/oci/distribution";
import { fixedCredentials } from "@gantry/oci/distribution";
import { QUIRK_IDENTITY } from "./quirk_registry_auth.ts";

/** A public registry, as the sum of its quirks. */
export interface Preset {
  /** What it is called. */
  readonly title: string;
  /** Its quirks, the outermost first. */
  readonly quirks: readonly string[];
  /** Its name in references, where that is another than on the wire. */
  readonly name?: string;
  /** What its clients need beside a name and a password. */
  readonly options?: ClientOptions;
}

/** The registries whose quirks are known. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  "docker-hub": {
    title: "Docker Hub",
    name: "docker.io",
    quirks: ["tokens-mount-source", "rate-limit-quota", "redirect-blobs"],
  },
  "ghcr": {
    title: "GitHub Container Registry",
    quirks: [
      "tokens-anonymous",
      "rate-limit-garbled",
      "patch-cut-once",
      "page-limit",
      "redirect-blobs",
    ],
  },
  "ecr": {
    title: "Amazon ECR",
    quirks: [
      "basic",
      "throttled",
      "repository-must-exist",
      "no-empty-blobs",
      "patch-forgotten",
      "page-refused",
      "no-digest-on-head",
      "redirect-blobs",
    ],
  },
  "acr": {
    title: "Azure Container Registry",
    quirks: [
      "tokens-identity",
      "large-body-cut",
      "no-resume",
      "relative-locations",
      "state-in-location",
    ],
    options: {
      credentials: fixedCredentials({ identityToken: QUIRK_IDENTITY }),
    },
  },
  "gar": {
    title: "Google Artifact Registry",
    quirks: [
      "tokens",
      "length-required",
      "no-chunks",
      "no-range-on-put",
      "no-empty-blobs",
      "html-lists",
    ],
  },
  "quay": {
    title: "Quay",
    quirks: [
      "challenge-unquoted",
      "rate-limit-quota",
      "mount-needs-from",
      "page-token",
      "listed-types",
      "schema1-narrow",
    ],
  },
  "gitlab": {
    title: "GitLab",
    quirks: ["tokens-last-scope", "digest-tags-resolve", "referrers-404"],
  },
  "harbor": {
    title: "Harbor",
    quirks: ["tokens-access", "referrers-401", "compressed-manifests"],
  },
  "artifactory": {
    title: "Artifactory",
    quirks: ["challenge-several", "referrers-406", "absolute-locations"],
  },
  "nexus": {
    title: "Nexus",
    quirks: ["challenge-several", "no-digest-header", "referrers-404"],
  },
};
