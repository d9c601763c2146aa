import { closeOnSignal, webhook } from '@postern/koa'
import Koa from 'koa'
import { all, port, receivers } from './receivers.mjs'

const app = new Koa()
for (const [name, one] of Object.entries(receivers)) {
  const handler = webhook(one)
  app.use((context, next) => (context.path === `/webhooks/${name}` ? handler(context) : next()))
}
closeOnSignal({ server: app.listen(port), receivers: all })
