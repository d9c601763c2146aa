// App of the flood test: an inspector page and receivers of many tenants, on the inbox of its argument. It has its own
// process, so that its memory and log can be measured.
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver, memoryInbox, perTenant } from '@postern/core'
import { webhook } from '@postern/express'
import { inspector } from '@postern/inspector/express'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import express from 'express'
import { listenOn } from '../../services/temporary.ts'
import { secretOf, TENANTS, TOKEN } from './facts.ts'

const inbox =
  process.argv[2] === 'memory'
    ? memoryInbox()
    : sqliteInbox({ path: join(mkdtempSync(join(tmpdir(), 'postern-flood-')), 'flood.db') })
const handled = new Set<string>()
const secret = perTenant({
  claimedTenant: ({ url }) => new URL(url).pathname.split('/').at(-1),
  secrets: async (name) => {
    await new Promise((resolve) => setImmediate(resolve))
    return TENANTS.includes(name) ? { tenant: name, secrets: secretOf(name) } : undefined
  },
})
const receiver = createReceiver({ provider: github({ secret }), inbox, log: false, explain: false })
receiver.on('**', { name: 'handle' }, ({ id = '' }) => void handled.add(id))
const app = express()
app.use('/webhooks', webhook(receiver))
app.use('/postern', inspector({ inbox, auth: { token: TOKEN }, log: false }))
process.send!({ port: await listenOn(createServer(app)) })
process.on('message', () =>
  process.send!({ rss: process.memoryUsage().rss, handled: [...handled] }),
)
process.on('disconnect', () => process.exit())
