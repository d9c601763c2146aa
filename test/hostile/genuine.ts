import { readFileSync } from 'node:fs'
import { createReceiver, memoryInbox } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { catalogue } from '@postern/providers/catalogue'
import type { Vector } from '@postern/testing'
import { runOf, type Run, type Wire } from './case.ts'

/** A genuine delivery of a provider, as somebody could have captured it. */
export interface Genuine {
  readonly name: string
  readonly provider: () => Provider
  readonly now: number | undefined
  readonly wire: Wire
  /** True if a day is more than what its receiver lets pass between signing and arrival. */
  readonly dated: boolean
  /** What handlers get of it. */
  readonly runs: readonly Run[]
}

/** The first known answer with events of each provider that has one. */
export async function genuineDeliveries(): Promise<readonly Genuine[]> {
  const found: Genuine[] = []
  for (const entry of catalogue.values()) {
    for (const vector of vectorsOf(entry.name)) {
      if (vector.expect !== 'valid' || vector.handshake || vector.verifyOnly) continue
      if (Object.values(vector.headers).some((value) => typeof value !== 'string')) continue
      const provider = (): Provider =>
        entry.create({
          ...(entry.secretOption && vector.secret !== undefined
            ? { [entry.secretOption]: vector.secret }
            : {}),
          ...vector.extra,
        })
      const now = typeof vector.now === 'number' ? vector.now * 1000 : undefined
      const wire = wireOf(vector)
      const runs = await runsOf(provider(), wire, now)
      if (runs.length === 0) continue
      const dated = provider().covers.timestamp === true && !LONG.has(entry.name)
      found.push({ name: `${entry.name}: ${vector.name}`, provider, now, wire, dated, runs })
      if (found.filter(({ name }) => name.startsWith(`${entry.name}: `)).length === EACH) break
    }
  }
  return found
}

const EACH = 1
// Their tolerance is a day or more: what they sign is the time of the first attempt, or no page says that it is not.
const LONG = new Set([
  'airwallex',
  'configcat',
  'klaviyo',
  'lob',
  'mercado-pago',
  'paypal',
  'sendgrid',
])

/** The known answers of a provider. */
export function vectorsOf(name: string): readonly Vector[] {
  const file = new URL(`../vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[]
}

/** A vector as a request. */
export function wireOf({ method, url, headers, bodyBase64 }: Vector): Wire {
  return {
    method,
    url,
    headers: Object.entries(headers as Record<string, string>),
    body: Buffer.from(bodyBase64, 'base64'),
  }
}

async function runsOf(
  provider: Provider,
  wire: Wire,
  now: number | undefined,
): Promise<readonly Run[]> {
  const runs: Run[] = []
  let open = 0
  let ended: () => void = () => {}
  const receiver = createReceiver({
    provider,
    inbox: memoryInbox({ max: 1000, dedupeWindow: '90d' }),
    log: false,
    ...(now !== undefined && { clock: { now: () => now } }),
    observers: [
      {
        accepted: (_, tasks) => void (open += tasks),
        done: () => void (--open === 0 && ended()),
      },
    ],
  })
  receiver.onAny((event) => void runs.push(runOf(event.topic, event.payload)))
  await receiver.receive({ ...wire })
  if (open > 0) await new Promise<void>((resolve) => (ended = resolve))
  await receiver.close()
  return runs
}
