import { join } from 'node:path'
import type { Inbox } from '@postern/core/inbox'
import { sqliteInbox } from '@postern/sqlite'

/** Opens the demonstration's inbox: one file, which keeps acknowledged events across restarts and crashes. */
export function openInbox(): { readonly inbox: Inbox; readonly where: string } {
  const path = process.env['POSTERN_DB'] ?? join(import.meta.dirname, 'webhooks.db')
  return { inbox: sqliteInbox({ path }), where: path }
}
