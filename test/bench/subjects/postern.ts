import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver, type Receiver } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { type Provider } from '@postern/core/scheme'
import { generic } from '@postern/providers/generic'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import { handled } from '../counter.ts'
import { SECRET } from '../deliveries.ts'

/** Creates a receiver with default options and one handler. Without an inbox it uses the one in memory. */
export function posternReceiver(
  options: { readonly provider?: Provider; readonly inbox?: Inbox } = {},
): Receiver {
  const { provider = github({ secret: SECRET }), inbox } = options
  return createReceiver({ provider, ...(inbox && { inbox }) }).onAny(handled)
}

/**
 * Creates a SQLite inbox on the file BENCH_SQLITE. Without that variable, its temporary file is deleted when the
 * process ends.
 */
export function temporarySqlite(): Inbox {
  const path = process.env['BENCH_SQLITE']
  if (path !== undefined) return sqliteInbox({ path })
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return sqliteInbox({ path: join(folder, 'webhooks.db') })
}

export function xmlProvider(): Provider {
  return generic({
    secret: SECRET,
    scheme: 'hmac',
    header: 'X-Signature',
    eventIdHeader: 'X-Event-Id',
    topic: 'order.paid',
  })
}
