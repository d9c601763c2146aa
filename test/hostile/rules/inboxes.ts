import { memoryInbox } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { inboxes, type InboxName } from '../../../packages/cli/src/inboxes.ts'
import { durables, openDurable } from '../../services/inboxes.ts'

/** Every inbox that a rule must be tried on. */
export const INBOXES: readonly InboxName[] = Object.keys(inboxes) as InboxName[]

export type { InboxName }

/** An empty inbox. */
export interface OpenedInbox {
  readonly inbox: Inbox
  /** Options of the command line that open the same inbox; undefined for one in memory. */
  readonly flags: readonly string[] | undefined
  readonly close: () => Promise<void>
}

/** Opens empty inboxes. Their services start with the first that needs them. */
export interface Inboxes {
  readonly open: (name: InboxName) => Promise<OpenedInbox>
  /** Ends the services. Inboxes must be closed before. */
  readonly close: () => Promise<void>
}

/** Makes an {@link Inboxes}. */
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
