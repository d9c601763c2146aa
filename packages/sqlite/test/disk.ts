import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly folder: string
  remove(): void
}

/** Mounts a tmpfs. Throws if this user may not mount. */
export function smallDisk(size = '3m'): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'postern-disk-'))
  const run = (command: string, ...args: readonly string[]): void =>
    void execFileSync(command, args, { stdio: 'pipe' })
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw new Error(
      `no small disk could be mounted (Linux as root can): ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return {
    folder,
    remove() {
      run('umount', '-l', folder)
      rmSync(folder, { recursive: true })
    },
  }
}
