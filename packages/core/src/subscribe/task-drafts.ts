import type { Writable } from '../basics/writable.ts'
import { toEvent, type EventRecord, type StoredDelivery, type WebhookEvent } from '../event.ts'
import type { TaskDraft } from '../inbox/inbox.ts'
import type { Subscription } from './subscription.ts'

/** The settings that task drafts depend on. */
export interface DraftRules {
  readonly receiver: string
  /** The tenant whose turn a task takes. @default the event's scope */
  readonly fairBy: ((event: WebhookEvent) => string) | undefined
}

/** One draft for each subscription, with its order key and the tenant whose turn it takes. */
export function taskDrafts(
  { receiver, fairBy }: DraftRules,
  subscriptions: readonly Pick<Subscription, 'name' | 'orderBy'>[],
  record: EventRecord,
  delivery: StoredDelivery,
): TaskDraft[] {
  if (subscriptions.length === 0) return []
  const keyed = fairBy !== undefined || subscriptions.some(({ orderBy }) => orderBy)
  const event = keyed ? toEvent(receiver, record, delivery, record.payload) : undefined
  const fairKey = fairBy ? keyOf(fairBy, event!) : record.scope
  return subscriptions.map(({ name, orderBy }) => {
    const draft: Writable<TaskDraft> = { subscription: name }
    if (orderBy) draft.orderKey = String(orderBy(event!))
    if (fairKey !== undefined) draft.fairKey = fairKey
    return draft
  })
}

/** The fair key of an event: what `fairBy` says, else the scope. Throws what `fairBy` throws. */
export function fairKeyOf(
  { receiver, fairBy }: DraftRules,
  record: EventRecord,
  delivery: StoredDelivery,
): string | undefined {
  return fairBy ? keyOf(fairBy, toEvent(receiver, record, delivery, record.payload)) : record.scope
}

function keyOf(fairBy: NonNullable<DraftRules['fairBy']>, event: WebhookEvent): string {
  return String(fairBy(event))
}
