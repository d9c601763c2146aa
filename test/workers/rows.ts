import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { startWorkerd } from '../services/workerd.ts'
import { idle, pause, SECRET, send } from './load.ts'

export interface Rows {
  readonly read: number
  readonly written: number
  /** Runs, read rows and written rows per event, by statement. */
  readonly by: Readonly<Record<string, readonly [runs: number, read: number, written: number]>>
}

const MANY = 4000
const FEW = 10
// Milliseconds to wait for writes after the reply: the journal is written once a second.
const BEHIND = 2500

/**
 * Counts the rows per event with `kept` events in the store: once with 16 connections in parallel, and once one at a
 * time.
 */
export async function countRows(
  code: string,
  kept: number,
): Promise<{ readonly load: Rows; readonly alone: Rows }> {
  const folder = await temporaryFolder('rows')
  const workerd = await startWorkerd({
    folder,
    code,
    texts: { SECRET },
    services: { LOG: 9 },
  })
  const { url } = workerd
  try {
    for (let from = 0; from < kept; from += 5000) {
      await fetch(`${url}/fill?from=${from}&to=${from + 5000}`)
      await idle(url)
    }
    const payload = { text: 'a'.repeat(1000) }
    const load = await counted(MANY, async () => {
      let sent = 0
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          while (sent < MANY) await must(send(url, `many-${sent++}`, payload))
        }),
      )
    })
    const alone = await counted(FEW, async () => {
      for (let sent = 0; sent < FEW; sent++) {
        await must(send(url, `one-${sent}`, payload))
        await pause(BEHIND)
      }
    })
    return { load, alone }
  } finally {
    await workerd.kill()
    await removeFolder(folder)
  }

  async function counted(events: number, work: () => Promise<void>): Promise<Rows> {
    const before = await rows()
    await work()
    await idle(url)
    await pause(BEHIND)
    const after = await rows()
    const by = Object.entries(after.by).map(([statement, counts]) => [
      statement,
      counts.map((count, at) => (count - (before.by[statement]?.[at] ?? 0)) / events),
    ])
    return {
      read: (after.read - before.read) / events,
      written: (after.written - before.written) / events,
      by: Object.fromEntries(by),
    }
  }

  async function rows(): Promise<Rows> {
    return (await (await fetch(`${url}/rows`)).json()) as Rows
  }
}

async function must(sending: Promise<number>): Promise<void> {
  const status = await sending
  if (status !== 200) throw new Error(`a delivery got ${status}`)
}
