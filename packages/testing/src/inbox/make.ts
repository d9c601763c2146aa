import { Buffer } from 'node:buffer'
import type { EventRecord, Intake, IntakeItem, Port, TaskDraft } from '@postern/core/engine'
import type { StoredDelivery } from '@postern/core/inbox'

/** A stored delivery with a body of its own. */
export function storedDelivery(options: Partial<StoredDelivery> = {}): StoredDelivery {
  return {
    method: 'POST',
    url: '/hooks?shop=1',
    headers: [
      ['content-type', 'application/json'],
      ['x-shop', 'one'],
      ['x-shop', 'two'],
    ],
    body: Buffer.from('{"ok":true}'),
    receivedAt: Date.now(),
    ...options,
  }
}

/** An event whose key is made of its id. */
export function event(id: string, options: Partial<EventRecord> = {}): EventRecord {
  return {
    key: `:${id}`,
    dedupe: true,
    id,
    topic: 'thing.happened',
    aliases: ['thing'],
    payload: { number: 1 },
    tenant: undefined,
    provider: 'acme',
    ...options,
  }
}

/** An event for subscriptions, given by name or with more to their tasks. */
export function item(
  id: string,
  tasks: readonly (string | TaskDraft)[] = ['a'],
  options: Partial<EventRecord> = {},
): IntakeItem {
  return {
    event: event(id, options),
    tasks: tasks.map((task) => (typeof task === 'string' ? { subscription: task } : task)),
  }
}

/** A delivery with these events. */
export function intake(...items: readonly IntakeItem[]): Intake {
  return { delivery: storedDelivery(), items }
}

/** Takes an event at a time of its own. */
export async function takeAt(
  { port }: { readonly port: Port },
  id: string,
  receivedAt: number,
  options: Partial<EventRecord> = {},
  tasks: readonly (string | TaskDraft)[] = ['a'],
): Promise<void> {
  await port.accept(
    { delivery: storedDelivery({ receivedAt }), items: [item(id, tasks, options)] },
    {},
  )
}
