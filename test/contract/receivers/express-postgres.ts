// Postern on Express. The inboxes and effects of all tests share one PostgreSQL database. The folder's name identifies
// the receiver and its effects.
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { createReceiver } from '@postern/core'
import { closeOnSignal, webhook } from '@postern/express'
import { postgresInbox } from '@postern/postgres'
import { standardWebhooks } from '@postern/providers/standard-webhooks'
import { createSteps } from '@postern/testing/steps'
import express from 'express'

const folder = process.env['FOLDER']!
const steps = createSteps(folder)
const inbox = postgresInbox({ connectionString: process.env['DATABASE_URL']!, lease: '1s' })
const receiver = createReceiver({
  provider: standardWebhooks({ secret: process.env['SECRET']! }),
  inbox,
  name: basename(folder).toLowerCase(),
})
receiver.onAny({ name: 'book' }, async (event, task) => {
  await steps.before()
  await task.commit(({ query }) =>
    query('INSERT INTO effects (folder, id) VALUES ($1, $2)', [folder, event.id]),
  )
  await steps.after()
})

const app = express()
app.all('/hooks', webhook(receiver))
const server = app.listen(0, '127.0.0.1', () =>
  console.log(`listening ${(server.address() as AddressInfo).port}`),
)
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox], grace: '2s' })
