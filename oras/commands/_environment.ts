/**
 * A variable of the environment that is of use where the program may read it. Nobody
 * is asked for leave on a terminal: it is then as if the variable were not set.
 */
export function readVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) || undefined : undefined;
}

/** A variable that the work needs: on a terminal Deno asks for leave to read it. */
export function needVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Whether the program may read a file without a question on the terminal. */
export function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
