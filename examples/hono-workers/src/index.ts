// Hono on Cloudflare Workers. The Worker verifies. Its Durable Object stores events and runs the handlers.
import { Hono } from 'hono'
import { webhooks, type Env } from './webhooks.ts'

export { Webhooks } from './webhooks.ts'

const app = new Hono<{ Bindings: Env }>()
app.get('/', (c) => c.text('GitHub posts to /webhooks/github.'))
app.all('/webhooks/*', (c) => webhooks.fetch(c.req.raw, c.env, c.executionCtx))

export default app
