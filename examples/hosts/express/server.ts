import { closeOnSignal, webhook } from '@postern/express'
import express from 'express'
import { inbox, receiver } from '../webhooks/receiver.ts'

const app = express()
app.all('/webhooks/github', webhook(receiver)) // before any body parser
const server = app.listen(process.env.PORT ?? 3000)
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })
