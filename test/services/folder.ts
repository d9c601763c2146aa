import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { executable } from './programs.ts'

const MEMORY = '/dev/shm'
/** Free memory that a folder in memory requires, in bytes. A run uses far less. */
const ROOM = 8 * 2 ** 30

/**
 * Puts the files of all tests into a folder in memory, which is removed after the run. Stores still sync, but no test
 * waits for a disk. If the machine has too little memory, the folder is in the usual temporary folder.
 */
export function setup(): (() => void) | undefined {
  // A test that starts vitest already uses the folder of its run.
  if (process.env['VITEST_POOL_ID'] !== undefined) return undefined
  const folder = inMemory() ?? open(tmpdir())
  process.env['TMPDIR'] = folder
  return () => remove(folder)
}

/**
 * Creates the folder. Returns undefined if the machine has no file system in memory, too little free memory, or allows
 * no programs there.
 */
function inMemory(): string | undefined {
  try {
    // Removes folders of killed runs.
    for (const name of readdirSync(MEMORY)) {
      const pid = /^postern-tests-(\d+)-/.exec(name)?.[1]
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) remove(join(MEMORY, name))
    }
    const { bavail, bsize } = statfsSync(MEMORY)
    if (Math.min(bavail * bsize, freemem()) < ROOM) return undefined
    const folder = open(MEMORY)
    const program = join(folder, 'program')
    writeFileSync(program, '', { mode: 0o700 })
    if (executable(program)) return folder
    remove(folder)
  } catch {
    // An error counts as a missing folder.
  }
  return undefined
}

function open(below: string): string {
  const folder = mkdtempSync(join(below, `postern-tests-${process.pid}-`))
  // Servers that do not run as root run as another user, who also writes here.
  chmodSync(folder, 0o1777)
  return folder
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
