import { closeOnSignal, webhook } from '@postern/koa'
import Koa from 'koa'
import { inbox, receiver } from '../webhooks/receiver.ts'

const app = new Koa()
const handler = webhook(receiver) // before any body parser
app.use((context, next) => (context.path === '/webhooks/github' ? handler(context) : next()))
const server = app.listen(process.env.PORT ?? 3000)
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })
