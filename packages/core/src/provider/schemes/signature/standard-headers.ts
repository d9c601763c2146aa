import type { Delivery } from '../../../delivery.ts'

/** Names of the headers with the id of the message, the time and the signatures, in any case. */
export interface StandardWebhooksHeaders {
  readonly id: string
  readonly timestamp: string
  readonly signature: string
}

/** The sets of headers that count, in lower case: those of each prefix, or one set of names. */
export function headerSets(
  names: readonly string[] | StandardWebhooksHeaders = ['webhook-'],
): readonly StandardWebhooksHeaders[] {
  if ('id' in names)
    return [
      {
        id: names.id.toLowerCase(),
        timestamp: names.timestamp.toLowerCase(),
        signature: names.signature.toLowerCase(),
      },
    ]
  return names.map((prefix) => ({
    id: `${prefix}id`,
    timestamp: `${prefix}timestamp`,
    signature: `${prefix}signature`,
  }))
}

/** The first set whose id is there counts, as a whole. */
export function headerSet(
  delivery: Delivery,
  sets: readonly StandardWebhooksHeaders[],
): StandardWebhooksHeaders {
  return sets.find(({ id }) => delivery.header(id) !== undefined) ?? sets[0]!
}
