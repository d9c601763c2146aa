// An hour of events, and the events that a provider reads from a listed delivery.
import { createDelivery } from '@postern/core'
import type { EventDraft, Provider } from '@postern/core/scheme'
import type { ListedDelivery, ListedEvent, Range, Source } from '../../src/source.ts'

export const HOUR = 3_600_000
/** The newest moment of the hour. */
export const END: number = Date.parse('2026-11-20T12:00:00Z')
export const RANGE: Range = { since: END - HOUR, until: END }

/** Returns the time of event `at`, where 0 is the newest of `count` events in the hour. */
export function timeOf(at: number, count: number): string {
  return new Date(END - Math.floor((at * HOUR) / count)).toISOString()
}

export async function all(source: Source, range: Range = RANGE): Promise<readonly ListedEvent[]> {
  const found: ListedEvent[] = []
  for await (const event of source.list(range)) found.push(event)
  return found
}

/** Returns the events that the provider reads from a listed delivery. Their ids are those of the webhook. */
export function identify(
  provider: Provider,
  { url, headers, body }: ListedDelivery,
): readonly EventDraft[] {
  const delivery = createDelivery({
    method: 'POST',
    url: url ?? 'https://app.example/hooks',
    headers,
    body: new TextEncoder().encode(body),
  })
  return provider.events(delivery, { kind: 'json', value: JSON.parse(body) })
}
