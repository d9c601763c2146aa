import { createReceiver, memoryInbox, type Receiver, type ReceiverOptions } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { inboxes, type InboxName } from '../../../packages/cli/src/inboxes.ts'
import { durables, openDurable } from '../../services/inboxes.ts'
import type { OpenPart, RuleCase } from './rule.ts'

export const INBOXES: readonly InboxName[] = Object.keys(inboxes) as InboxName[]

export type { InboxName }

export interface OpenedInbox {
  readonly inbox: Inbox
  /** Command-line options that open the same inbox; undefined for one in memory. */
  readonly flags: readonly string[] | undefined
  readonly close: () => Promise<void>
}

/** Opens empty inboxes. A service starts with the first inbox that needs it. */
export interface Inboxes {
  readonly open: (name: InboxName) => Promise<OpenedInbox>
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
 * Returns cases on an empty inbox of each kind. `casesOf` gets an inbox, and a function that returns a new name of a
 * receiver, so that no case sees events of another.
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
  const stops: (() => Promise<void>)[] = []
  return {
    async open(name) {
      if (name === 'memory')
        return opened(memoryInbox({ max: 10_000, dedupeWindow: '90d' }), undefined)
      const { store, stop } = await durables[name].start()
      stops.push(stop)
      const inbox = await openDurable(name, store, { dedupeWindow: '90d' })
      return opened(inbox, [`--${inboxes[name].place!.flag}`, store])
    },
    close: async () => void (await Promise.all(stops.splice(0).map((stop) => stop()))),
  }
}

function opened(inbox: Inbox, flags: readonly string[] | undefined): OpenedInbox {
  return { inbox, flags, close: async () => inbox.close() }
}
