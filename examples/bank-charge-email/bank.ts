// The bank itself: `POST /charges` stores a message, and from its 202 on each shop that registered gets it, whatever
// is down or dies in between.
import { closeOnSignal } from '@postern/express'
import { createSender } from '@postern/forward'
import { sqliteInbox } from '@postern/sqlite'
import express from 'express'
import type { Charge } from './charge.ts'

// What a bank that died had in hand is taken up again after the lease.
const inbox = sqliteInbox({ path: process.env['BANK_DB'] ?? 'bank.db', lease: '2s' })
const source = createSender({
  name: 'bank',
  inbox,
  // node -p "crypto.randomBytes(32).toString('base64')"
  key: process.env['BANK_KEY']!,
  retry: { attempts: 20, initialDelay: '200ms', maxDelay: '1m' },
  // Its one customer is on this machine. Leave both out if customers register their URLs themselves.
  allowPrivate: true,
  allowHttp: true,
})
// A name of its own, so that it is the same destination after each start: its URL may have changed meanwhile.
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
  // The same charge again is known by its id.
  response.status(202).json(await source.emit({ topic: 'card.charged', payload: charge, id }))
})
const server = app.listen(Number(process.env['PORT'] ?? 4000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: [source], inboxes: [inbox] })
