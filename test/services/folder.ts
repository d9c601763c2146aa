import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { executable } from './programs.ts'

const MEMORY = '/dev/shm'
/** Free bytes that a folder in memory asks for: a run takes far less. */
const ROOM = 8 * 2 ** 30

/**
 * Before all tests: what they and their programs write goes into a folder in memory, which ends with the run. Stores write through as
 * ever, but no test waits for a disk, and a busy disk delays none. Without memory for it the usual temporary folder stays.
 */
export function setup(): (() => void) | undefined {
  // A test that starts vitest is in the folder of its own run.
  if (process.env['VITEST_POOL_ID'] !== undefined) return undefined
  const folder = inMemory()
  if (folder === undefined) return undefined
  process.env['TMPDIR'] = folder
  return () => remove(folder)
}

/** Undefined on a machine without such folders, if little memory is free, or if no program may be started from there. */
function inMemory(): string | undefined {
  try {
    // Runs that were killed left theirs.
    for (const name of readdirSync(MEMORY)) {
      const pid = /^postern-tests-(\d+)-/.exec(name)?.[1]
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) remove(join(MEMORY, name))
    }
    const { bavail, bsize } = statfsSync(MEMORY)
    if (Math.min(bavail * bsize, freemem()) < ROOM) return undefined
    const folder = mkdtempSync(join(MEMORY, `postern-tests-${process.pid}-`))
    // Servers that reject to run as root run as another user, who writes into it too.
    chmodSync(folder, 0o1777)
    const program = join(folder, 'program')
    writeFileSync(program, '', { mode: 0o700 })
    if (executable(program)) return folder
    remove(folder)
  } catch {
    // As if it were not there.
  }
  return undefined
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
