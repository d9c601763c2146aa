import { readFileSync } from 'node:fs'
import { createReceiver, memoryInbox, type Receiver, type ReceiverOptions } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { catalogue } from '@postern/providers/catalogue'
import type { Vector } from '@postern/testing'
import { vectorClock, vectorOptions } from '../../packages/testing/src/provider/vector.ts'
import { runOf, type HostileCase, type Run, type Step, type Wire } from './case.ts'

/** Genuine delivery of a provider, which an attacker has captured. */
export interface Genuine {
  readonly name: string
  readonly provider: () => Provider
  readonly now: number | undefined
  readonly wire: Wire
  /** True if the receiver rejects a delivery that was signed a day ago. */
  readonly dated: boolean
  readonly runs: readonly Run[]
}

/** Returns for each provider its first test vector with events. */
export async function genuineDeliveries(): Promise<readonly Genuine[]> {
  const found: Genuine[] = []
  for (const entry of catalogue.values()) {
    for (const vector of vectorsOf(entry.name)) {
      if (vector.expect !== 'valid' || vector.handshake || vector.verifyOnly) continue
      if (Object.values(vector.headers).some((value) => typeof value !== 'string')) continue
      const provider = (): Provider => entry.create(vectorOptions(vector, entry.secretOption))
      const now = vectorClock(vector)
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

/** Returns a case that sends one changed request. */
export function caseOf(
  { name, provider, now }: Genuine,
  kind: string,
  what: string,
  step: Step,
  more: Partial<HostileCase> = {},
): HostileCase {
  return { name: `${name}: ${what}`, class: kind, provider, now, steps: [step], runs: [], ...more }
}

const EACH = 1
// Providers with a tolerance of a day or more: they sign the time of the first attempt, or their documentation gives no
// limit.
const LONG = new Set([
  'airwallex',
  'configcat',
  'klaviyo',
  'lob',
  'mercado-pago',
  'paypal',
  'sendgrid',
])

export function vectorsOf(name: string): readonly Vector[] {
  const file = new URL(`../vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[]
}

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
  const { receiver, runs, settled } = recording({ provider }, now)
  await receiver.receive({ ...wire })
  await settled()
  await receiver.close()
  return runs
}

/** Creates a receiver that records its runs. `settled` resolves when no task is open. */
export function recording(
  options: ReceiverOptions,
  now: number | undefined,
): {
  readonly receiver: Receiver
  readonly runs: readonly Run[]
  readonly settled: () => Promise<void>
} {
  const runs: Run[] = []
  let open = 0
  let ended: () => void = () => {}
  const receiver = createReceiver({
    inbox: memoryInbox({ max: 1000, dedupeWindow: '90d' }),
    log: false,
    // Saves a read of package.json per receiver, of which there are thousands.
    version: 'of tests',
    ...(now !== undefined && { clock: { now: () => now } }),
    ...options,
    observers: [
      {
        accepted: (_, tasks) => void (open += tasks),
        done: () => void (--open === 0 && ended()),
      },
    ],
  }) as Receiver
  receiver.onAny((event) => void runs.push(runOf(event.topic, event.payload)))
  const settled = async (): Promise<void> => {
    if (open > 0) await new Promise<void>((resolve) => (ended = resolve))
  }
  return { receiver, runs, settled }
}
