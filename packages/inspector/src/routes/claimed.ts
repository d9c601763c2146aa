import { createDelivery, type Delivery } from '@postern/core'
import type { Arrival, KeptRequest } from '@postern/core/inbox'
import { formToObject, type ParsedBody } from '@postern/core/scheme'
import type { Context } from './context.ts'

/**
 * The topic that a refused delivery claims to have, as its provider would read it. Anybody can have sent it: it is read
 * within the limits of what is not verified. Undefined if it claims none that can be read.
 */
export function claimedTopic(
  { receivers }: Pick<Context, 'receivers'>,
  arrival: Arrival,
  kept: KeptRequest,
): string | undefined {
  const provider = receivers.find(({ name }) => name === arrival.receiver)?.provider
  if (arrival.outcome !== 'refused' || !provider) return undefined
  try {
    const delivery = createDelivery({ method: arrival.method, ...kept }, undefined, provider)
    const topic: unknown = provider.events(delivery, bodyOf(delivery))[0]?.topic
    return typeof topic === 'string' && topic !== '' ? topic : undefined
  } catch {
    return undefined
  }
}

// Topics of the other formats stand in headers.
function bodyOf(delivery: Delivery): ParsedBody {
  if (delivery.format === 'json') return { kind: 'json', value: delivery.json() }
  if (delivery.format === 'form') return { kind: 'form', value: formToObject(delivery.form()) }
  return { kind: 'empty', value: undefined }
}
