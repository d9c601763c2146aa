import { rmSync } from 'node:fs'
import { createReceiver, memoryInbox, type SubscriptionOptions } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { table } from '../run/page.ts'
import { cpuOf, inTurn, median } from '../services/figures.ts'
import { durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { provider } from './receiver.ts'

const EVENTS = 2000
const KEYS = 200
const AT_ONCE = 64
const ROUNDS = 5

const key = ({ payload }: { readonly payload: unknown }): string =>
  (payload as { readonly key: string }).key
const newest = ({ payload }: { readonly payload: unknown }): number =>
  (payload as { readonly version: number }).version

const kinds: Readonly<Record<string, SubscriptionOptions>> = {
  plain: {},
  ordered: { orderingKey: key },
  debounce: { debounce: { key } },
  newest: { debounce: { key, newest } },
}

/** Returns the CPU microseconds per event of one kind of subscription. */
async function round(open: () => Promise<Inbox>, kind: string): Promise<number> {
  const inbox = await open()
  const receiver = createReceiver({ provider, inbox, log: false, name: `shop-${kind}` })
  let done = 0
  const ended = Promise.withResolvers<void>()
  const count = (events: number): void => void ((done += events) === EVENTS && ended.resolve())
  receiver.observe({ folded: ({ into }) => into === undefined && count(1) })
  receiver.on('push', { name: 'burst', ...kinds[kind] }, (_, { folded }) => count(1 + folded))
  const text = 'a'.repeat(1000)
  const deliveries = Array.from({ length: EVENTS }, (_, at) =>
    provider.sign!({
      id: `${Math.random()}`,
      topic: 'push',
      payload: { key: `k${at % KEYS}`, version: at, text },
    }),
  )
  let next = 0
  const cpu = await cpuOf(async () => {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (next < EVENTS) await receiver.receive(deliveries[next++]!)
      }),
    )
    await ended.promise
  })
  await receiver.close()
  await inbox.close()
  return cpu / EVENTS
}

/**
 * Returns a table with the CPU time per event for each inbox and kind, compared with an ordered subscription. The kinds
 * take turns in each round.
 */
export async function costs(): Promise<string> {
  const rows: string[][] = []
  const inboxes: readonly ('memory' | DurableName)[] = ['memory', 'sqlite', 'postgres']
  for (const name of inboxes) {
    const started = name === 'memory' ? undefined : await durables[name].start()
    let number = 0
    const open = async (): Promise<Inbox> => {
      if (name === 'memory') return memoryInbox({ maxPending: 100_000 })
      const own = durables[name].own(`cost${number++}`)
      if (name === 'sqlite')
        for (const end of ['', '-wal', '-shm']) rmSync(started!.store + end, { force: true })
      return openDurable(name, started!.store, own)
    }
    const names = Object.keys(kinds)
    const times = await inTurn(names, { rounds: ROUNDS, warm: 1 }, (kind) => round(open, kind))
    const medians = times.map(median)
    const ordered = medians[names.indexOf('ordered')]!
    rows.push([
      name === 'memory' ? 'memory' : durables[name].title,
      ...medians.map((time) => `${time.toFixed(0)} (${(time / ordered).toFixed(2)})`),
    ])
    await started?.stop()
  }
  return `CPU of an event in one process, in microseconds, and next to \`orderingKey\`: ${EVENTS} events of ${KEYS} keys, 1 KB, ${AT_ONCE} at once; medians of ${ROUNDS} rounds that take turns.

${table(['inbox', 'neither', '`orderingKey`', '`debounce`', 'with `newest`'], rows)}`
}
