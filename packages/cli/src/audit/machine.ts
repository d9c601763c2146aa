import { execFile } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { promisify } from 'node:util'
import { Failure } from '../print/failure.ts'

const run = promisify(execFile)
// Bytes of a log that are looked into.
const MOST_LOG = 16 * 1024 * 1024

/** What is appended to a file from now on. */
export function logSince(path: string): () => string {
  const from = sizeOf(path)
  return () => {
    const length = Math.min(Math.max(0, sizeOf(path) - from), MOST_LOG)
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(length)
      const read = readSync(file, bytes, 0, length, from)
      return bytes.subarray(0, read).toString('utf8')
    } finally {
      closeSync(file)
    }
  }
}

function sizeOf(path: string): number {
  try {
    const found = statSync(path)
    if (!found.isFile()) throw new TypeError('no regular file')
    return found.size
  } catch (error) {
    throw new Failure(2, `--log: ${path} cannot be read; give the file that the receiver logs to`, {
      cause: error,
    })
  }
}

/** The memory of a process in bytes. */
export function memoryOf(pid: number): () => Promise<number> {
  return async () => {
    try {
      if (process.platform === 'linux')
        return (
          1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
        )
      const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)])
      return 1024 * Number(stdout)
    } catch {
      // It has ended: what ended it is told elsewhere.
      return Number.NaN
    }
  }
}
