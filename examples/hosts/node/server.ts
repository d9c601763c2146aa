import { createServer } from 'node:http'
import { closeOnSignal, webhook } from '@postern/node'
import { inbox, receiver } from '../webhooks/receiver.ts'

const handler = webhook(receiver)
const server = createServer((request, response) => {
  if (request.url?.startsWith('/webhooks/github')) handler(request, response)
  else response.writeHead(404).end()
})
server.listen(process.env.PORT ?? 3000)
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })
