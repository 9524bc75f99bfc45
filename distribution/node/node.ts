/**
 * What is bound to a runtime on the way to a registry: the base transports on
 * Deno's and Node's own APIs, and the credentials that docker, podman and the
 * environment hold.
 *
 * @module
 */

export {
  awsCredentialsFromEnvironment,
  type AwsEnvironmentOptions,
  ecrCredentialsFromEnvironment,
  type EcrEnvironmentOptions,
} from "./aws_credentials.ts";
export {
  CredentialHelper,
  type CredentialHelperOptions,
} from "./credential_helper.ts";
export { denoTransport } from "./deno_transport.ts";
export { DockerConfig, type DockerConfigOptions } from "./docker_config.ts";
export {
  dockerConfigFromEnvironment,
  dockerConfigPath,
} from "./docker_config_path.ts";
export {
  credentialsFromEnvironment,
  type EnvironmentCredentialsOptions,
} from "./environment_credentials.ts";
export { nodeTransport } from "./node_transport.ts";
export { PodmanAuth } from "./podman_auth.ts";
export {
  podmanAuthFromEnvironment,
  podmanAuthPaths,
} from "./podman_auth_paths.ts";
export { proxyFromEnvironment } from "./proxy_from_environment.ts";
