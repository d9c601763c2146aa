import type { Receiver } from '@postern/core'
import { createChance } from './day/chance.ts'
import { createSender } from './day/deliveries.ts'
import { SILENT } from './day/plan.ts'
import { sourceNames } from './receivers.ts'
import { send } from './send.ts'

// In milliseconds. The first delivery comes soon, so that you see the page change. The others come about as often as
// those of the simulated day, so that its charts continue.
const FIRST = 3000
const EVERY = 30_000

/**
 * Sends a random delivery every 30 seconds, so that the page shows activity. Leaves out the source that stopped
 * sending, and GitHub, to which the reader sends by hand. `meanwhile` gets a function that sends, and resolves when the
 * handlers have run. Returns a function that stops the deliveries.
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
    // Sending fails when the app closes.
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
