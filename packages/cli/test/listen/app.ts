// An app with a receiver: what `postern dev` starts.
import { createServer } from 'node:http'
import { createReceiver, memoryInbox } from '@postern/core'
import { webhook } from '@postern/node'
import { stripe } from '@postern/providers/stripe'

const { PORT, APP_SECRET, STRIPE_WEBHOOK_SECRET, POSTERN_DEV_URL, FROM_ENV_FILE } = process.env
const secret = APP_SECRET ?? STRIPE_WEBHOOK_SECRET!
const receiver = createReceiver({ provider: stripe({ secret }), inbox: memoryInbox(), log: false })
receiver.onAny(({ topic, id }) => console.log(`handled ${topic} ${id}`))
const handle = webhook(receiver)
createServer((request, response) => {
  if (request.url === '/webhooks/stripe') return handle(request, response)
  response.end('SECRET ADMIN')
}).listen(Number(PORT), '127.0.0.1', () =>
  console.log(`app: dev url ${POSTERN_DEV_URL}, from the file ${FROM_ENV_FILE}`),
)
