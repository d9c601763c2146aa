import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { EventRecord, Intake, IntakeItem, Port, TaskDraft } from '@postern/core/engine'
import type { StoredDelivery } from '@postern/core/inbox'
import type { TaskRecorder } from './recorder.ts'

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

/** When the first event came. */
export const FIRST = 1_700_000_000_000

/** How an event is folded. */
interface Burst extends Partial<TaskDraft> {
  /** @default 'k' */
  readonly key?: string
  /** @default 0 */
  readonly wait?: number
  /** @default ten times `wait` */
  readonly maxWait?: number
  readonly newest?: number | string
}

/** An event of a subscription with `debounce`. Its id is a number, which says when it came. */
export function burst(id: number, options: Burst = {}): IntakeItem {
  const { key = 'k', wait = 0, maxWait = wait * 10, newest, ...draft } = options
  const debounce = { at: FIRST + id, wait, maxWait, ...(newest !== undefined && { newest }) }
  return item(String(id), [{ subscription: 'a', orderKey: key, debounce, ...draft }])
}

/** The event of each run, and the events that it stood for beside its own. */
export function runsOf({ runs }: Pick<TaskRecorder, 'runs'>): readonly string[] {
  return runs.map(({ claim }) => `${claim.event.id} + ${claim.folded?.count}`)
}

/** Accepts events one by one: each is new. */
export async function acceptNew(
  { port }: { readonly port: Port },
  ...items: readonly IntakeItem[]
): Promise<void> {
  for (const one of items) assert.deepEqual(await port.accept(intake(one), {}), ['new'])
}
