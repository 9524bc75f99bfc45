/** For so many milliseconds nothing else may have its turn. */
const LONGEST = 100;

/**
 * Lets others have their turn now and then: a few bytes can unpack to gigabytes, and
 * until they are unpacked no timer would go off, and nobody could stop it.
 *
 * @returns What is asked for each piece, and waited for if it gives something.
 */
export function turns(): () => Promise<void> | undefined {
  let last = performance.now();
  async function give(): Promise<void> {
    await new Promise((go) => setTimeout(go));
    last = performance.now();
  }
  return () => performance.now() - last < LONGEST ? undefined : give();
}
