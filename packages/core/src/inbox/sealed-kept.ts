import type { Arrival, KeptRequest } from './journal.ts'
import { packKept, unpackKept } from './codec.ts'
import type { Seal } from './seal.ts'

// A character of private use, which no header of a request can have.
const SEALED = '\ue001sealed'

/** Head and body of a refused delivery, sealed for the arrival with this id. Its path stays readable, as in the arrival. */
export function sealKept(seal: Seal, id: string, kept: KeptRequest): KeptRequest {
  return {
    url: kept.url.split(/[?#]/, 1)[0]!,
    headers: [[SEALED, '1']],
    body: seal.sealBytes(packKept(kept), placeOf(id)),
  }
}

/**
 * True if a receiver with `seal` kept the head and body of this delivery.
 *
 * @example
 * const arrival = await inbox.journal.delivery(id)
 * const readable = isSealed(arrival) ? openKept(createSeal(key), arrival) : arrival
 */
export function isSealed({ kept }: Pick<Arrival, 'kept'>): boolean {
  return kept?.headers[0]?.[0] === SEALED
}

/**
 * A refused delivery with the head and body that a receiver with `seal` kept. One that was kept unsealed is returned
 * unchanged. Throws if no key fits, or if it was changed.
 *
 * @example
 * const arrival = await inbox.journal.delivery(id)
 * const { kept } = openKept(createSeal(key), arrival)
 * await explain({ ...kept, method: arrival.method }, provider)
 */
export function openKept(seal: Seal, arrival: Arrival): Arrival {
  if (!arrival.kept || !isSealed(arrival)) return arrival
  return { ...arrival, kept: unpackKept(seal.openBytes(arrival.kept.body, placeOf(arrival.id))) }
}

function placeOf(id: string): string {
  return `refused ${id}`
}
