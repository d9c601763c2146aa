// Postern on node:http. Its inbox and the app's table share one SQLite file.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createReceiver } from '@postern/core'
import { closeOnSignal, webhook } from '@postern/node'
import { standardWebhooks } from '@postern/providers/standard-webhooks'
import { sqliteInbox } from '@postern/sqlite'
import { createSteps } from '@postern/testing/steps'

const folder = process.env['FOLDER']!
const path = join(folder, 'webhooks.db')
const own = new DatabaseSync(path)
own.exec(`PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL)`)
const steps = createSteps(folder)
// A task of a killed process runs in the next process after this time.
const inbox = sqliteInbox({ path, lease: '1s' })
const receiver = createReceiver({
  provider: standardWebhooks({ secret: process.env['SECRET']! }),
  inbox,
})
receiver.onAny({ name: 'book' }, async (event, task) => {
  await steps.before()
  task.commit((db) => db.prepare('INSERT INTO effects (id) VALUES (?)').run(event.id!))
  await steps.after()
})

const hooks = webhook(receiver)
const server = createServer((request, response) => {
  if (request.url === '/hooks') return hooks(request, response)
  response.writeHead(404).end()
})
server.listen(0, '127.0.0.1', () =>
  console.log(`listening ${(server.address() as AddressInfo).port}`),
)
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox], grace: '2s' })
