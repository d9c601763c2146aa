import { createReceiver, memoryInbox, type Receiver, type ReceiverOptions } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { inboxes, type InboxName } from '../../../packages/cli/src/inboxes.ts'
import { durables, openDurable, type Store } from '../../services/inboxes.ts'
import type { OpenPart, RuleCase } from './rule.ts'

export const INBOXES: readonly InboxName[] = Object.keys(inboxes) as InboxName[]

export type { InboxName }

export interface OpenedInbox {
  readonly inbox: Inbox
  /** CLI options that open the same inbox. Undefined for the inbox in memory, and without `isShown`. */
  readonly flags: readonly string[] | undefined
  readonly close: () => Promise<void>
}

/** Opens empty inboxes. A service starts when the first inbox needs it, and all rules share it. */
export interface Inboxes {
  /** `isShown` opens the inbox where the CLI looks by default. Only one rule uses it. @default false */
  readonly open: (name: InboxName, isShown?: boolean) => Promise<OpenedInbox>
  /** Stops the services. Close the inboxes first. */
  readonly close: () => Promise<void>
}

/** Opens an empty inbox of each kind. */
export async function openAll(inboxes: Inboxes): Promise<{
  readonly stores: ReadonlyMap<InboxName, OpenedInbox>
  readonly close: () => Promise<void>
}> {
  const stores = new Map<InboxName, OpenedInbox>()
  for (const name of INBOXES) stores.set(name, await inboxes.open(name))
  const close = async (): Promise<void> =>
    void (await Promise.all([...stores.values()].map((one) => one.close())))
  return { stores, close }
}

/**
 * Returns the cases of all kinds of inboxes. `casesOf` gets an empty inbox, and a function that returns a new receiver
 * name. Each case uses its own name, so that it sees no events of other cases.
 */
export async function onEach(
  inboxes: Inboxes,
  casesOf: (inbox: Inbox, name: InboxName, own: () => string) => readonly Omit<RuleCase, 'inbox'>[],
): Promise<OpenPart> {
  const { stores, close } = await openAll(inboxes)
  let number = 0
  const own = (): string => `receiver-${++number}`
  const cases = [...stores].flatMap(([inbox, store]) =>
    casesOf(store.inbox, inbox, own).map((one): RuleCase => ({ ...one, inbox })),
  )
  return { cases, close }
}

/** Creates a receiver without a log that handles every event. */
export function takingAll(options: ReceiverOptions): Receiver {
  return (createReceiver({ log: false, ...options }) as Receiver).onAny(() => undefined)
}

export function createInboxes(): Inboxes {
  const started = new Map<InboxName, Promise<Store>>()
  const stops: (() => Promise<void>)[] = []
  let number = 0
  return {
    async open(name, isShown = false) {
      if (name === 'memory')
        return opened(memoryInbox({ max: 10_000, dedupeWindow: '90d' }), undefined)
      const row = durables[name]
      // A SQLite file holds only one inbox, so each call gets a new file.
      if (name === 'sqlite') started.delete(name)
      if (!started.has(name)) started.set(name, start(row.start))
      const { store } = await started.get(name)!
      const own = isShown ? {} : row.own(`rule${++number}`)
      const inbox = await openDurable(name, store, { dedupeWindow: '90d', ...own })
      return opened(inbox, isShown ? [`--${inboxes[name].place!.flag}`, store] : undefined)
    },
    close: async () => void (await Promise.all(stops.splice(0).map((stop) => stop()))),
  }

  async function start(service: () => Promise<Store>): Promise<Store> {
    const store = await service()
    stops.push(store.stop)
    return store
  }
}

function opened(inbox: Inbox, flags: readonly string[] | undefined): OpenedInbox {
  return { inbox, flags, close: async () => inbox.close() }
}
