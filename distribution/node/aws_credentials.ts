import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { CredentialStore } from "../credential.ts";
import { CredentialError } from "../credential_error.ts";
import {
  type AwsCredentialProvider,
  type AwsCredentials,
  ecrCredentials,
  type EcrCredentialsOptions,
} from "../ecr_credentials.ts";
import { readSection } from "./_aws_profile.ts";

/** Where {@linkcode awsCredentialsFromEnvironment} looks. */
export interface AwsEnvironmentOptions {
  /**
   * The environment.
   *
   * @default {the environment of this process, as it is at the call}
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Where {@linkcode ecrCredentialsFromEnvironment} looks, and how it asks. */
export interface EcrEnvironmentOptions
  extends EcrCredentialsOptions, AwsEnvironmentOptions {}

/**
 * Finds an AWS access key where the AWS tools keep theirs: in `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; else in the profile that `AWS_PROFILE`
 * names (`default` without it), in the file of `AWS_SHARED_CREDENTIALS_FILE` or
 * `~/.aws/credentials`, then in that of `AWS_CONFIG_FILE` or `~/.aws/config`.
 *
 * Only keys that are written there are found; roles, single sign-on and processes
 * are not followed. The environment is read by this call, the files by each call of what it gives.
 * That throws a {@linkcode CredentialError} where a profile that was named is missing
 * or has no key.
 *
 * @example
 * ```ts
 * import { awsCredentialsFromEnvironment } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 *
 * const find = awsCredentialsFromEnvironment({
 *   env: { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "example" },
 * });
 * assertEquals((await find())?.accessKeyId, "AKIDEXAMPLE");
 * ```
 */
export function awsCredentialsFromEnvironment(
  options: AwsEnvironmentOptions = {},
): AwsCredentialProvider {
  const env = { ...(options.env ?? process.env) };
  return async ({ signal } = {}) => {
    signal?.throwIfAborted();
    return toCredentials({
      aws_access_key_id: env["AWS_ACCESS_KEY_ID"],
      aws_secret_access_key: env["AWS_SECRET_ACCESS_KEY"],
      aws_session_token: env["AWS_SESSION_TOKEN"],
    }) ?? await fromProfile(env);
  };
}

/**
 * The credentials of Amazon's registries, by the access key that the environment leads
 * to; see {@linkcode ecrCredentials} and {@linkcode awsCredentialsFromEnvironment}. `AWS_ENDPOINT_URL_ECR`
 * is asked where it is set and the options name no other.
 *
 * @example
 * ```ts
 * import { ecrCredentialsFromEnvironment } from "@gantry/oci/distribution/node";
 * import { assertEquals } from "@std/assert";
 *
 * const store = ecrCredentialsFromEnvironment();
 * assertEquals(await store.get("ghcr.io"), undefined); // not Amazon's
 * ```
 */
export function ecrCredentialsFromEnvironment(
  options: EcrEnvironmentOptions = {},
): CredentialStore {
  const { env = process.env, ...rest } = options;
  return ecrCredentials(awsCredentialsFromEnvironment({ env }), {
    ...rest,
    endpoint: rest.endpoint ?? (env["AWS_ENDPOINT_URL_ECR"] || undefined),
  });
}

async function fromProfile(
  env: Readonly<Record<string, string | undefined>>,
): Promise<AwsCredentials | undefined> {
  const folder = join(
    env["HOME"] || env["USERPROFILE"] || homedir(),
    ".aws",
  );
  const profile = env["AWS_PROFILE"] || "default";
  const places = [
    [
      env["AWS_SHARED_CREDENTIALS_FILE"] || join(folder, "credentials"),
      [profile],
    ],
    [
      env["AWS_CONFIG_FILE"] || join(folder, "config"),
      profile === "default" ? [profile, `profile ${profile}`] : [
        `profile ${profile}`,
      ],
    ],
  ] as const;
  for (const [path, names] of places) {
    const found = toCredentials(await readSection(path, names) ?? {});
    if (found !== undefined) return found;
  }
  if (!env["AWS_PROFILE"]) return undefined;
  throw new CredentialError(
    "CREDENTIAL_MISSING",
    `Cannot use AWS profile ${
      JSON.stringify(profile)
    }: found no access key of it in ${
      places.map(([path]) => path).join(" and ")
    }`,
    {
      hint:
        'Roles and single sign-on are not followed: use "aws configure export-credentials", or the helper docker-credential-ecr-login',
    },
  );
}

function toCredentials(
  fields: Readonly<Record<string, string | undefined>>,
): AwsCredentials | undefined {
  const accessKeyId = fields["aws_access_key_id"];
  const secretAccessKey = fields["aws_secret_access_key"];
  const sessionToken = fields["aws_session_token"];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
  };
}
