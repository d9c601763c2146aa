// An app of a user, which the old version and the new one run over the same file.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createReceiver } from '@postern/core'
import { closeOnSignal, webhook } from '@postern/node'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'

const { STORE, EFFECTS, SECRET, VERSION } = process.env
const inbox = sqliteInbox({ path: STORE })
const receiver = createReceiver({ provider: github({ secret: SECRET }), inbox })
const effect = (name, event) => appendFileSync(EFFECTS, `${event.id} ${name} ${VERSION}\n`)

receiver.on('issues.opened', { name: 'plain' }, (event) => effect('plain', event))
// Dead in the old version, until somebody runs it again in the new one.
receiver.on('push', { name: 'mended', retry: { attempts: 1 } }, (event) => {
  if (VERSION === 'old') throw new Error('the new version mends it')
  effect('mended', event)
})
// A retry that waits in the store.
receiver.on(
  'star.created',
  { name: 'retried', retry: { attempts: 99, initialDelay: 500, factor: 1, jitter: 'none' } },
  (event) => {
    if (VERSION === 'old') throw new Error('the new version mends it')
    effect('retried', event)
  },
)

const server = createServer(webhook(receiver))
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
const answers = {
  replay: () => receiver.replay({ state: 'dead' }),
  health: () => receiver.health(),
}
process.on('message', (question) => void answers[question]().then((answer) => process.send(answer)))
