import type { Receiver } from '@postern/core'
import { createChance } from './day/chance.ts'
import { createSender } from './day/deliveries.ts'
import { SILENT } from './day/plan.ts'
import { sourceNames } from './receivers.ts'
import { send } from './send.ts'

// The first comes soon, so that the page is seen to live; the others come about as often as those of the day, so that its charts go on.
const FIRST = 3000
const EVERY = 30_000

/**
 * Sends a delivery every 30 seconds, so that the page lives: of all sources but the one that fell silent, and the one that
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
  const sendOne = (): void => {
    const [source, sender] = chance.one(senders)
    const request = sender({ at: Date.now(), source, what: 'genuine' }, receivers[source]!)
    // The app is being closed: the next one is not sent.
    meanwhile(receivers[source]!.name, () => send(request)).catch(stop)
  }
  const first = setTimeout(sendOne, FIRST).unref()
  const timer = setInterval(sendOne, EVERY).unref()
  return stop

  function stop(): void {
    clearTimeout(first)
    clearInterval(timer)
  }
}
