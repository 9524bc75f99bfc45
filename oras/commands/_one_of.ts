/** A check that admits these values only. */
export function oneOf(
  ...values: readonly string[]
): (value: string) => string | undefined {
  return (value) =>
    values.includes(value) ? undefined : `expected ${values.join(", ")}`;
}
