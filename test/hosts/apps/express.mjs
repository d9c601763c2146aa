import { closeOnSignal, webhook } from '@postern/express'
import express from 'express'
import { all, port, receivers } from './receivers.mjs'

const app = express()
for (const [name, one] of Object.entries(receivers)) app.all(`/webhooks/${name}`, webhook(one))
app.use(express.json(), express.urlencoded())
closeOnSignal({ server: app.listen(port), receivers: all })
