// The web process verifies and stores. It replies once the event is in PostgreSQL.
import { closeOnSignal, webhook } from '@postern/express'
import express from 'express'
import { inbox, receiver } from './receiver.ts'

const app = express()
app.all('/webhooks/github', webhook(receiver)) // before any body parser
const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log('listening', server.address())
})
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })
