import { createServer } from 'node:http'
import { closeOnSignal, inFront, webhook } from '@postern/node'
import { all, port, receivers } from './receivers.mjs'

const routes = Object.entries(receivers).map(([name, one]) => [`/webhooks/${name}`, webhook(one)])
const rest = (_, response) => response.writeHead(404).end()
const server = createServer(inFront(Object.fromEntries(routes), rest)).listen(port)
closeOnSignal({ server, receivers: all })
