import { memoryInbox, type Duration } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { InboxName } from '../../packages/cli/src/inboxes.ts'
import { durables, openDurable } from '../services/inboxes.ts'

/** Inbox with short retention, and the size of its store. */
export interface OpenInbox {
  readonly inbox: Inbox
  /** Returns the bytes of the file, of Redis' memory or of the database. Returns 0 for the inbox in memory. */
  readonly storeBytes: () => Promise<number>
}

/** Opens an inbox that keeps ids and settled tasks for the duration `keep`. */
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
