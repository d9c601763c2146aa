import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { Failure } from '../print/failure.ts'

/** Maximum size of a file, in bytes. Saved requests and HAR files of browsers are smaller. */
export const MOST_FILE: number = 64 * 2 ** 20
const STEP = 2 ** 20

/**
 * Reads a regular file of at most 64 MiB. Devices, pipes and folders are rejected, because `/dev/zero` has no end, and
 * a pipe may never start. `what` is the name of the file in error messages.
 *
 * @throws Failure
 */
export function readRegular(path: string, what: string = path): Buffer {
  let file: number
  try {
    // Without O_NONBLOCK, opening a pipe would wait until another process writes to it.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    throw new Failure(2, `${what} cannot be read: give a file that exists`, { cause: error })
  }
  try {
    if (!fstatSync(file).isFile())
      throw new Failure(2, `${what} must be a regular file: save the bytes in one`)
    const chunks: Buffer[] = []
    let length = 0
    // Counts the bytes that were read, because the size of a file in /proc is 0.
    for (;;) {
      const chunk = Buffer.allocUnsafe(STEP)
      const read = readSync(file, chunk)
      if (read === 0) return Buffer.concat(chunks)
      length += read
      if (length > MOST_FILE)
        throw new Failure(2, `${what} must have at most ${MOST_FILE} bytes: save only one request`)
      chunks.push(chunk.subarray(0, read))
    }
  } finally {
    closeSync(file)
  }
}
