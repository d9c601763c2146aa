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

/** A receiver at its default options, with one handler. Without an inbox it has the one in memory. */
export function posternReceiver(
  options: { readonly provider?: Provider; readonly inbox?: Inbox } = {},
): Receiver {
  const { provider = github({ secret: SECRET }), inbox } = options
  return createReceiver({ provider, ...(inbox && { inbox }) }).onAny(handled)
}

/** A SQLite inbox on the file that BENCH_SQLITE names, or on one of its own, which goes with the process. */
export function temporarySqlite(): Inbox {
  const path = process.env['BENCH_SQLITE']
  if (path !== undefined) return sqliteInbox({ path })
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return sqliteInbox({ path: join(folder, 'webhooks.db') })
}

/** A sender of XML with an HMAC over the body. */
export function xmlProvider(): Provider {
  return generic({
    secret: SECRET,
    scheme: 'hmac',
    header: 'X-Signature',
    eventIdHeader: 'X-Event-Id',
    topic: 'order.paid',
  })
}
