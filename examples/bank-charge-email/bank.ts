// The bank, which sends the webhooks. `POST /charges` stores a message and replies with 202. From then on the shop gets
// the message, even if the bank or the shop crashes in between.
import { closeOnSignal } from '@postern/express'
import { createSender } from '@postern/forward'
import { sqliteInbox } from '@postern/sqlite'
import express from 'express'
import type { Charge } from './charge.ts'

// If the bank crashes, another process sends its unfinished messages when the lease ends.
const inbox = sqliteInbox({ path: process.env['BANK_DB'] ?? 'bank.db', lease: '2s' })
const source = createSender({
  name: 'bank',
  inbox,
  // Create the key with: node -p "crypto.randomBytes(32).toString('base64')"
  key: process.env['BANK_KEY']!,
  retry: { attempts: 20, initialDelay: '200ms', maxDelay: '1m' },
  // These two options allow the shop's URL on this machine. If customers register their own URLs, leave out both
  // options.
  allowPrivate: true,
  allowHttp: true,
})
// With a fixed id, each start updates the same destination, even if its URL has changed.
await source.register({
  id: 'shop',
  replace: true,
  url: process.env['SHOP_URL']!,
  topics: 'card.*',
  secret: process.env['BANK_SIGNING_SECRET']!,
})
source.onDead((task, error) => console.error(`${String(task.id)} gave up: ${error.message}`))

const app = express()
app.post('/charges', express.json(), async (request, response) => {
  const { id, ...charge } = request.body as Charge & { id: string }
  // Postern deduplicates by `id`, so the same charge is sent once.
  response.status(202).json(await source.emit({ topic: 'card.charged', payload: charge, id }))
})
const server = app.listen(Number(process.env['PORT'] ?? 4000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: [source], inboxes: [inbox] })
