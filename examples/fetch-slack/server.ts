// Slack on Hono, with one request URL for events and slash commands. Events are handled after the 200. A slash command
// is answered in the reply.
import { serve } from '@hono/node-server'
import { createReceiver, jsonReply } from '@postern/core'
import { webhook } from '@postern/hono'
import { closeOnSignal } from '@postern/node'
import { slack } from '@postern/providers/slack'
import { Hono } from 'hono'

const receiver = createReceiver({
  provider: slack({ signingSecret: process.env['SLACK_SIGNING_SECRET']! }),
})

receiver.on('app_mention', (event) => {
  console.log('mentioned', event.id)
})
receiver.answer(
  '/deploy',
  (event) => ({
    response_type: 'ephemeral',
    text: `deploying ${(event.payload as { text: string }).text}`,
  }),
  {
    deadline: '2s',
    late: jsonReply({ response_type: 'ephemeral', text: 'still deploying' }),
  },
)

const app = new Hono()
app.all('/webhooks/slack', webhook(receiver))
const port = Number(process.env['PORT'] ?? 3000)
const server = serve({ fetch: app.fetch, port }, (address) => {
  console.log('listening', address)
})
closeOnSignal({ server, receivers: [receiver] })
