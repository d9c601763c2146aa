// Sends one delivery through Express to its handler, with the inbox in memory. `run.ts` starts this file with V8's
// coverage on.
import { createServer } from 'node:http'
import { takeCoverage } from 'node:v8'
import { webhook } from '@postern/express'
import { createReceiver, memoryInbox } from '@postern/core'
import { github } from '@postern/providers/github'
import express from 'express'
import { listenOn } from '../services/temporary.ts'

const secret = 'It is a secret to everybody'
const receiver = createReceiver({ provider: github({ secret }), inbox: memoryInbox(), log: false })
const { promise: handled, resolve } = Promise.withResolvers<void>()
receiver.on('push', () => resolve())
const app = express()
app.post('/github', webhook(receiver))
const server = createServer(app)
const url = `http://127.0.0.1:${await listenOn(server)}/github`
const { headers, body } = github({ secret }).sign!({
  topic: 'push',
  payload: {},
  id: '1',
  url,
})
// Ends the first coverage report, so that the second report contains only the delivery.
takeCoverage()
const { status } = await fetch(url, { method: 'POST', headers, body: Buffer.from(body) })
await handled
takeCoverage()
console.log(status)
await receiver.close()
server.close()
