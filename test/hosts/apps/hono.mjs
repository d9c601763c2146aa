import { serve } from '@hono/node-server'
import { webhook } from '@postern/hono'
import { closeOnSignal } from '@postern/node'
import { Hono } from 'hono'
import { all, port, receivers } from './receivers.mjs'

const app = new Hono()
for (const [name, one] of Object.entries(receivers)) app.all(`/webhooks/${name}`, webhook(one))
closeOnSignal({ server: serve({ fetch: app.fetch, port }), receivers: all })
