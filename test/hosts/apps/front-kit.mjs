import { createServer } from 'node:http'
import { closeOnSignal, inFront, webhook } from '@postern/node'
import { handler } from './build/handler.js'
import { all, port, receivers } from './receivers.mjs'

const routes = Object.entries(receivers).map(([name, one]) => [`/webhooks/${name}`, webhook(one)])
const server = createServer(inFront(Object.fromEntries(routes), handler)).listen(port)
closeOnSignal({ server, receivers: all })
