import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real service a test started: its own port, its own folder, gone when stopped. */
export interface Service {
  /** What its clients connect to. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Freezes the process (SIGSTOP): connections stay open and nothing answers. */
  pause(): void
  /** Undoes `pause`. */
  resume(): void
  /** Stops the process and removes its folder. */
  stop(): Promise<void>
}

/** A port of the loopback address that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A new folder for a service's data. */
export function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `postern-${name}-`))
}

/** Removes a folder with all that is in it. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}
