import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { CredentialError } from "../credential_error.ts";
import { isNullDevice } from "./_null_device.ts";

/** Far more than all registries of the world take. */
const MAX_SIZE = 4 * 1024 * 1024;

/**
 * Reads a small text file. What is named by mistake may have no end, or a beginning
 * that never comes: a pipe without a writer would hold the program where no signal
 * reaches it. The null device stands for an empty file.
 *
 * @throws {CredentialError} It is larger than such files are, or neither a regular file nor the null device.
 */
export async function readCredentialFile(path: string): Promise<string> {
  // Without O_NONBLOCK, to open a named pipe would wait for its writer.
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  const file = await open(path, O_RDONLY | O_NONBLOCK);
  try {
    const seen = await file.stat();
    // To read a directory fails with the system's own words.
    if (!seen.isFile() && !seen.isDirectory() && !isNullDevice(seen)) {
      throw invalidConfig(path, "it is not a regular file");
    }
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(64 * 1024);
    let text = "";
    for (let size = 0;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength);
      if (bytesRead === 0) return text + decoder.decode();
      size += bytesRead;
      if (size > MAX_SIZE) {
        throw invalidConfig(path, `it is larger than ${MAX_SIZE} bytes`);
      }
      text += decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
    }
  } finally {
    await file.close();
  }
}

/** Makes the error of a file that holds something else than it should. */
export function invalidConfig(path: string, reason: string): CredentialError {
  return new CredentialError(
    "CREDENTIAL_CONFIG_INVALID",
    `Cannot read ${path}: ${reason}`,
  );
}
