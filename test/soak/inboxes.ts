import { memoryInbox, type Duration } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { InboxName } from '../../packages/cli/src/inboxes.ts'
import { durables, openDurable } from '../services/inboxes.ts'

/** An inbox that forgets soon, and how to weigh its store. */
export interface OpenInbox {
  readonly inbox: Inbox
  /** Bytes of its file, of Redis' memory, or of the database; 0 in memory. */
  readonly storeBytes: () => Promise<number>
}

/** Opens an inbox that keeps ids and settled tasks for so long. */
export async function openInbox(name: InboxName, store: string, keep: string): Promise<OpenInbox> {
  if (name === 'memory')
    return {
      inbox: memoryInbox({
        max: 2000,
        dedupeWindow: keep as Duration,
        maxDead: 20,
        maxDeliveries: 1000,
      }),
      storeBytes: async () => 0,
    }
  return {
    inbox: await openDurable(name, store, { dedupeWindow: keep, keepDone: keep, keepDead: keep }),
    storeBytes: await durables[name].weigh(store),
  }
}
