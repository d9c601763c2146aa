import type { Receiver } from '@postern/core'
import type { Draft, SignableRequest } from '@postern/core/scheme'
import { fill, samples } from '@postern/testing'
import type { SourceName } from '../receivers.ts'
import type { Chance } from './chance.ts'
import type { Arrival } from './plan.ts'

/** Returns the delivery of an arrival, signed as the provider signs it. */
export type Sender = (arrival: Arrival, receiver: Receiver) => SignableRequest

const LATE = 20 * 60_000

/**
 * Returns a function that creates the deliveries of a source. They are samples from the provider's documentation, with
 * new ids, times and amounts.
 */
export async function createSender(
  source: SourceName,
  chance: Chance,
  origin = 'http://localhost',
): Promise<Sender> {
  const drafts = OWN[source] ?? (await samples(source)).filter(({ topic }) => isCommon(topic))
  const url = `${origin}/webhooks/${source}`
  let last: SignableRequest | undefined

  return ({ at, what }, { provider }) => {
    if (what === 'stranger') return stranger(url)
    if (what === 'again' && last) return last
    const draft =
      what === 'handshake'
        ? { payload: { type: 'url_verification', challenge: 'b9c7' } }
        : fill(chance.one<Draft>(drafts), { now: at, random: chance.random })
    const request = provider.sign!({ url, at: what === 'late' ? at - LATE : at, ...draft })
    if (what === 'rewritten') return rewritten(request)
    if (what === 'genuine') last = request
    return request
  }
}

// Leaves out samples that have no handler here, such as Twilio's voice and conversations.
function isCommon(topic: string): boolean {
  return (
    !['ringing', 'completed', 'onMessageAdded', 'ping'].includes(topic) && !topic.startsWith('com.')
  )
}

// Deliveries of sources that `@postern/providers` does not have.
const OWN: Partial<Record<SourceName, readonly Draft[]>> = {
  bank: [
    {
      topic: 'card.charged',
      id: 'bank-{{uuid}}',
      headers: { 'content-type': 'application/xml' },
      body: '<?xml version="1.0"?><charge currency="EUR"><cents>{{amount}}</cents><merchant>Bäckerei &amp; Café</merchant></charge>',
    },
  ],
  sensor: [{ method: 'GET', topic: 'door.opened', id: 'door-{{uuid}}' }],
}

function stranger(url: string): SignableRequest {
  const body = new TextEncoder().encode('{"id":1}')
  return { method: 'POST', url, headers: { 'content-type': 'application/json' }, body }
}

/**
 * Returns the request with other white space in its body, as a middleware sends it that parsed and serialized the body.
 */
function rewritten(request: SignableRequest): SignableRequest {
  const payload: unknown = JSON.parse(new TextDecoder().decode(request.body))
  return { ...request, body: new TextEncoder().encode(JSON.stringify(payload, undefined, 2)) }
}
