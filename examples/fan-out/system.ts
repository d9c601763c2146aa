// One of the systems that receive the events. Run `node system.ts` with `healthy`, `slow` (replies after one second) or
// `recovering` (replies with 500 for three seconds after its first request). It deduplicates by `webhook-id`.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver } from '@postern/core'
import { webhook } from '@postern/node'
import { standardWebhooks } from '@postern/providers/standard-webhooks'

const manner = process.argv[2] ?? 'healthy'
const receiver = createReceiver({
  name: manner,
  provider: standardWebhooks({ secret: process.env['SYSTEM_SECRET']! }),
  log: false,
})
receiver.onAny((event) => {
  const { id, type } = event.payload as { id: string; type: string }
  console.log(`got ${type} ${id} as ${String(event.id)}`)
})

const take = webhook(receiver)
let wellAt: number | undefined
const server = createServer((request, response) => {
  wellAt ??= Date.now() + 3000
  if (manner === 'recovering' && Date.now() < wellAt) response.writeHead(500).end()
  else if (manner === 'slow') void sleep(1000).then(() => take(request, response))
  else take(request, response)
})
server.listen(Number(process.env['PORT'] ?? 0), () => {
  console.log(`${manner} listening`, server.address() as AddressInfo)
})
