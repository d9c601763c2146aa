import { Buffer } from 'node:buffer'
import type { EventRecord, Intake, IntakeItem, Port, TaskDraft } from '@postern/core/engine'
import type { StoredDelivery } from '@postern/core/inbox'
import type { MaybePromise } from '@postern/core/internal'
import type { TaskRecorder } from './recorder.ts'

import assert from 'node:assert/strict'

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

/** Makes an event record. The event's key is made from its id. */
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

export function intake(...items: readonly IntakeItem[]): Intake {
  return { delivery: storedDelivery(), items }
}

/** Accepts an event that arrived at `receivedAt`, in milliseconds since 1970. */
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

/** Time at which the first event arrives, in milliseconds since 1970. */
export const FIRST = 1_700_000_000_000

interface Burst extends Partial<TaskDraft> {
  /** @default 'k' */
  readonly key?: string
  /** @default 0 */
  readonly wait?: number
  /** @default ten times `wait` */
  readonly maxWait?: number
  readonly newest?: number | string
}

/** Makes an event for a subscription with `debounce`. The event arrives `id` milliseconds after `FIRST`. */
export function burst(id: number, options: Burst = {}): IntakeItem {
  const { key = 'k', wait = 0, maxWait = wait * 10, newest, ...draft } = options
  const debounce = { at: FIRST + id, wait, maxWait, ...(newest !== undefined && { newest }) }
  return item(String(id), [{ subscription: 'a', orderKey: key, debounce, ...draft }])
}

/** Returns for each run the event's id and the number of events that were folded into the run, such as `2 + 1`. */
export function runsOf({ runs }: Pick<TaskRecorder, 'runs'>): readonly string[] {
  return runs.map(({ claim }) => `${claim.event.id} + ${claim.folded?.count}`)
}

export async function acceptNew(
  { port }: { readonly port: Port },
  ...items: readonly IntakeItem[]
): Promise<void> {
  for (const one of items) assert.deepEqual(await port.accept(intake(one), {}), ['new'])
}

/** Calls `read` with the cursor of each page until the last page. */
export async function everyPage<Page extends { readonly cursor: string | undefined }>(
  read: (from: { readonly cursor?: string }) => MaybePromise<Page>,
): Promise<readonly Page[]> {
  const pages = [await read({})]
  for (let { cursor } = pages[0]!; cursor !== undefined; { cursor } = pages.at(-1)!)
    pages.push(await read({ cursor }))
  return pages
}

/** Handlers wait for `passed`, which a test resolves. */
export interface TestGate {
  readonly passed: Promise<void>
  readonly pass: () => void
}

export function gate(): TestGate {
  let pass = (): void => {}
  const passed = new Promise<void>((resolve) => (pass = resolve))
  return { passed, pass: () => pass() }
}

const PAUSE = 5
const LONGEST = 15_000

/** Checks the condition every 5 milliseconds, for 15 seconds by default, because some changes cause no event. */
export async function eventually(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  longest: number = LONGEST,
): Promise<void> {
  const until = performance.now() + longest
  while (!(await condition())) {
    if (performance.now() > until) {
      const told = typeof what === 'string' ? what : what()
      throw new Error(`waited ${longest / 1000} s in vain until ${told}`)
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
}

/**
 * Returns true if `at` is between `from` and now, both in milliseconds since 1970. Allows a difference of a second
 * between the clock of a store and the clock of this process.
 */
export function isSince(from: number, at: number): boolean {
  return at > from - 1000 && at < Date.now() + 1000
}

/** Runs a part of a test with a wall clock that is `by` milliseconds ahead. */
export async function stepped(by: number, run: () => Promise<void>): Promise<void> {
  const { now } = Date
  Date.now = () => now() + by
  try {
    await run()
  } finally {
    Date.now = now
  }
}
