import type { Receiver } from '@postern/core'
import { createChance } from './day/chance.ts'
import { createSender } from './day/deliveries.ts'
import { SILENT } from './day/plan.ts'
import { sourceNames } from './receivers.ts'
import { send } from './send.ts'

const EVERY = 3000

/**
 * Sends a delivery every three seconds, so that the page lives: of all sources but the one that fell silent, and the one that
 * the reader is asked to send to by hand. `meanwhile` is called with each, and returns when its handlers have run.
 */
export async function sendOn(
  receivers: Readonly<Record<string, Receiver>>,
  origin: string,
  meanwhile: (source: string, send: () => Promise<unknown>) => Promise<unknown>,
): Promise<() => void> {
  const chance = createChance(Date.now() % 100_000)
  const sources = sourceNames.filter((name) => name !== SILENT.source && name !== 'github')
  const senders = await Promise.all(
    sources.map(async (name) => [name, await createSender(name, chance, origin)] as const),
  )
  const timer = setInterval(() => {
    const [source, sender] = chance.one(senders)
    const request = sender({ at: Date.now(), source, what: 'genuine' }, receivers[source]!)
    // The app is being closed: the next one is not sent.
    meanwhile(receivers[source]!.name, () => send(request)).catch(() => clearInterval(timer))
  }, EVERY)
  timer.unref()
  return () => clearInterval(timer)
}
