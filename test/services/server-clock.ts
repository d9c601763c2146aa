import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeTime } from './programs.ts'

/** Server clock that tests can change. */
export interface ServerClock {
  readonly env: Readonly<Record<string, string>>
  /** Sets the clock to the true time plus `ahead` milliseconds. */
  set(ahead: number): void
  remove(): void
}

/** Creates a clock. It does not change the server's monotonic clock. */
export function createServerClock(): ServerClock {
  const folder = mkdtempSync(join(tmpdir(), 'postern-clock-'))
  chmodSync(folder, 0o755)
  const file = join(folder, 'ahead')
  const library = join(folder, 'stepped-clock.so')
  const open = openSync(file, 'w')
  // Writes into the existing file, because the server maps it into memory.
  const set = (ahead: number): void =>
    void writeSync(open, new BigInt64Array([BigInt(ahead)]), 0, 8, 0)
  set(0)
  const source = join(import.meta.dirname, 'stepped-clock.c')
  if (fakeTime.file !== undefined)
    execFileSync(fakeTime.file, ['-shared', '-fPIC', '-O2', '-o', library, source])
  return {
    env: { LD_PRELOAD: library, POSTERN_CLOCK: file },
    set,
    remove() {
      closeSync(open)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
