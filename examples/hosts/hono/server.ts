import { serve } from '@hono/node-server'
import { webhook } from '@postern/hono'
import { closeOnSignal } from '@postern/node'
import { Hono } from 'hono'
import { inbox, receiver } from '../webhooks/receiver.ts'

const app = new Hono()
app.all('/webhooks/github', webhook(receiver))
const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) })
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })
