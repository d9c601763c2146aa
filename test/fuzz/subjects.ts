import { createDelivery, type Delivery } from '@postern/core'
import type { EventDraft, Provider } from '@postern/core/scheme'
import { catalogue } from '@postern/providers/catalogue'
import { parseBody } from '../../packages/core/src/body/formats.ts'
import { defaultLimits } from '../../packages/core/src/limits.ts'
import { lawsOf } from '../../packages/providers/test/signing.ts'
import { vectors } from '../../packages/providers/test/vectors.ts'
import type { Request } from './requests.ts'
import { markVerified } from '../../packages/core/src/receive/http-delivery.ts'

/** Valid delivery with its provider and the receiver's clock. */
export interface Subject {
  readonly provider: Provider
  readonly now: number
  readonly request: Request
  readonly events: readonly EventDraft[]
  /** True if an option sets the signed URL. The URL of the request then does not matter. */
  readonly ownUrl: boolean
}

const NOW = 1_760_000_000_000

export interface Walked {
  readonly delivery: Delivery
  readonly events: readonly EventDraft[]
}

/** Runs all steps of the receiver up to the events. */
export async function walk(provider: Provider, request: Request, now: number): Promise<Walked> {
  const clock = (): number => now
  const delivery = deliveryOf(provider, request)
  provider.admit?.(delivery, clock)
  const verified = (await provider.verify(delivery, clock)) ?? {}
  if (!provider.unauthenticated) markVerified(delivery)
  const body = await parseBody(delivery, true)
  if (await provider.handshake?.(delivery, body, verified)) return { delivery, events: [] }
  return { delivery, events: provider.events(delivery, body) }
}

/** Returns the delivery that a receiver of the provider creates from the request. */
export function deliveryOf(provider: Provider, request: Request): Delivery {
  return createDelivery(request, defaultLimits(), provider)
}

/** Returns the test vectors that have events, and one delivery of the provider's `sign`. */
export async function subjectsOf(name: string): Promise<readonly Subject[]> {
  const entry = catalogue.get(name)!
  const subjects: Subject[] = []
  const add = async (
    provider: Provider,
    request: Request,
    now: number,
    ownUrl = false,
  ): Promise<void> => {
    const walked = await walk(provider, request, now).catch(() => undefined)
    if (walked && !provider.unauthenticated)
      subjects.push({ provider, request, now, events: walked.events, ownUrl })
  }
  for (const vector of vectors(name)) {
    if (vector.expect !== 'valid' || subjects.length >= 6) continue
    const options = {
      ...(entry.secretOption &&
        vector.secret !== undefined && { [entry.secretOption]: vector.secret }),
      ...vector.extra,
    }
    const headers = Object.entries(vector.headers).flatMap(([header, value]) =>
      [value].flat().map((line) => [header, line] as const),
    )
    const body = Buffer.from(vector.bodyBase64, 'base64')
    await add(
      entry.create(options),
      { method: vector.method, url: vector.url, headers, body },
      typeof vector.now === 'number' ? vector.now * 1000 : NOW,
      'publicUrl' in (vector.extra ?? {}),
    )
  }
  const laws = lawsOf(name)
  if (laws) {
    const provider = entry.create({
      ...laws.options,
      ...(entry.secretOption && { [entry.secretOption]: laws.secrets }),
    })
    const signed = provider.sign!({ at: NOW, ...laws.draft })
    await add(provider, { ...signed, headers: Object.entries(signed.headers) }, NOW)
  }
  return subjects
}
