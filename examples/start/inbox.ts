import { memoryInbox, type Inbox } from '@postern/core'

/** Opens the inbox of the demonstration. */
export function openInbox(_once: boolean): { readonly inbox: Inbox; readonly where: string } {
  return { inbox: memoryInbox(), where: 'memory' }
}
