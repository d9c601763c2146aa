import { tenantKey } from '../basics/tenant-key.ts'
import type { Writable } from '../basics/writable.ts'
import { toEvent, type EventRecord, type StoredDelivery, type WebhookEvent } from '../event.ts'
import type { TaskDraft } from '../inbox/inbox.ts'
import type { Subscription } from './subscription.ts'

/** The settings that task drafts depend on. */
export interface DraftRules {
  readonly receiver: string
  /** The tenant of an event without a scope. @default none */
  readonly fairBy: ((event: WebhookEvent) => string) | undefined
}

/** One draft for each subscription, with its order key and the tenant whose turn it takes. */
export function taskDrafts(
  rules: DraftRules,
  subscriptions: readonly Pick<Subscription, 'name' | 'orderBy'>[],
  record: EventRecord,
  delivery: StoredDelivery,
): TaskDraft[] {
  if (subscriptions.length === 0) return []
  const fairKey = fairKeyOf(rules, record, delivery)
  const event = subscriptions.some(({ orderBy }) => orderBy)
    ? toEvent(rules.receiver, record, delivery, record.payload)
    : undefined
  return subscriptions.map(({ name, orderBy }) => {
    const draft: Writable<TaskDraft> = { subscription: name }
    if (orderBy) draft.orderKey = tenantKey(fairKey, '>', String(orderBy(event!)))
    if (fairKey !== undefined) draft.fairKey = fairKey
    return draft
  })
}

/** The tenant of an event: its scope, which was verified, else what `fairBy` says. Throws what `fairBy` throws. */
export function fairKeyOf(
  { receiver, fairBy }: DraftRules,
  record: EventRecord,
  delivery: StoredDelivery,
): string | undefined {
  if (record.scope !== undefined) return tenantKey(record.scope, '', '')
  if (!fairBy) return undefined
  // The mark: what an app reads of a payload is never the tenant that was verified.
  return tenantKey(
    undefined,
    '~',
    String(fairBy(toEvent(receiver, record, delivery, record.payload))),
  )
}
