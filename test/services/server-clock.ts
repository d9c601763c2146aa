import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeTime } from './programs.ts'

/** The clock of one server, which a test steps. */
export interface ServerClock {
  /** What the server is to be started with. */
  readonly env: Readonly<Record<string, string>>
  /** Sets it to the true time plus these milliseconds. */
  set(ahead: number): void
  remove(): void
}

/** Makes a clock; the monotonic one of the server stays true. */
export function createServerClock(): ServerClock {
  const folder = mkdtempSync(join(tmpdir(), 'postern-clock-'))
  chmodSync(folder, 0o755)
  const file = join(folder, 'time')
  // In one step: libfaketime ends a server that reads an empty file.
  const set = (ahead: number): void => {
    writeFileSync(`${file}.new`, `${ahead < 0 ? '' : '+'}${ahead / 1000}`)
    renameSync(`${file}.new`, file)
  }
  set(0)
  return {
    env: {
      LD_PRELOAD: fakeTime.file ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    set,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
