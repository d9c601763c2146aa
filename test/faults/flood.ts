import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver } from '@postern/core'
import { acme } from '@postern/testing'
import { openDurable, durables, type DurableName } from '../services/inboxes.ts'
import { SECRET } from './secrets.ts'

export interface FloodReport {
  readonly flood: number
  /** Number of events of other tenants after the flood. */
  readonly quiet: number
  /**
   * Milliseconds until the last quiet tenant's task started. `overtakenBy` counts the flood's tasks that started in
   * that time.
   */
  readonly waited: number
  readonly overtakenBy: number
  /** The same values without `tenantKey`. */
  readonly waitedWithout: number
  readonly overtakenByWithout: number
  /** Number of acknowledged events whose task did not run. */
  readonly lost: number
  readonly seconds: number
}

const QUIET = 20

/** Sends many events of one tenant, then one event of each other tenant, with and without `tenantKey`. */
export async function floodRun(name: DurableName, events: number): Promise<FloodReport> {
  const started = performance.now()
  const without = await one(name, events, false)
  const fair = await one(name, events, true)
  return {
    flood: events,
    quiet: QUIET,
    waited: fair.waited,
    overtakenBy: fair.overtakenBy,
    waitedWithout: without.waited,
    overtakenByWithout: without.overtakenBy,
    lost: fair.lost + without.lost,
    seconds: Math.round((performance.now() - started) / 1000),
  }
}

async function one(
  name: DurableName,
  events: number,
  fair: boolean,
): Promise<{ waited: number; overtakenBy: number; lost: number }> {
  const { store, stop } = await durables[name].start()
  const provider = acme({ secret: SECRET })
  const inbox = await openDurable(name, store)
  const begun: { readonly id: string; readonly at: number }[] = []
  const receiver = createReceiver({
    provider,
    inbox,
    log: false,
    ...(fair && { tenantKey: (event) => (event.payload as { tenant: string }).tenant }),
  })
  receiver.on('thing.happened', { name: 'slow', concurrency: 8 }, async (event) => {
    begun.push({ id: event.id!, at: performance.now() })
    await sleep(2)
  })
  const send = async (tenant: string, id: string): Promise<void> => {
    const reply = await receiver.receive(provider.sign!({ id, payload: { tenant } }))
    if (reply.status !== 200) throw new Error(`event ${id} got ${reply.status}`)
  }
  try {
    let next = 0
    await Promise.all(
      Array.from({ length: 128 }, async () => {
        while (next < events) await send('loud', `loud-${next++}`)
      }),
    )
    for (let at = 0; at < QUIET; at++) await send(`tenant-${at}`, `quiet-${at}`)
    const accepted = performance.now()
    const all = events + QUIET
    for (let quiet = 0; begun.length < all && quiet < 300; quiet++) {
      const before = begun.length
      await sleep(100)
      if (begun.length > before) quiet = 0
    }
    const last = begun.findLast(({ id }) => id.startsWith('quiet-'))
    return {
      waited: Math.max(0, Math.round((last?.at ?? Infinity) - accepted)),
      overtakenBy: begun.filter(
        ({ id, at }) => id.startsWith('loud-') && at > accepted && at < (last?.at ?? Infinity),
      ).length,
      lost: all - new Set(begun.map(({ id }) => id)).size,
    }
  } finally {
    await receiver.close()
    await inbox.close()
    await stop()
  }
}
