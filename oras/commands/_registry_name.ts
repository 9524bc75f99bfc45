/** Whether an argument is the name of a registry alone: `localhost`, or a host with a dot or a port. */
export function isRegistryName(argument: string): boolean {
  return /^(?:localhost|[^/:@]+\.[^/:@]+|\[[^\]/]+\]|[^/:@]+(?=:\d+$))(?::\d+)?$/
    .test(argument);
}
