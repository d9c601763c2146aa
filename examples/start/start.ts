// `npm start` runs this file. It mounts every source on one app, sends signed deliveries over HTTP, and prints a table
// of the replies and handler runs. It then keeps serving, so that you can send your own deliveries. With `-- --once`,
// it ends after the table.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closeOnSignal } from '@postern/express'
import { createApp } from './app.ts'
import { boxed } from './box.ts'
import { fillDay } from './day/fill.ts'
import { createCases } from './deliveries.ts'
import { openInbox } from './inbox.ts'
import { sendOn } from './live.ts'
import { createReceiverOf, sourceNames } from './receivers.ts'
import { readSecrets } from './secrets.ts'
import { sendCase, type Outcome } from './send.ts'
import { printing } from './services.ts'
import { toTable } from './table.ts'
import { createWatch } from './watch.ts'

const once = process.argv.includes('--once')
const { inbox, where } = openInbox()
const secrets = readSecrets(`${where}-secrets`)
if (!once) {
  console.log('Filling the inbox with a day of a shop, unless it has one …')
  const count = await fillDay(inbox, secrets)
  if (count !== undefined) console.log(`${count} signed deliveries were taken and worked on.`)
}
const watch = createWatch()
const quiet: string[] = []
const services = printing((receiver, line) => {
  const text = `  ${receiver}: ${line}`
  const most = process.stdout.columns ?? Infinity
  if (!quiet.includes(receiver))
    console.log(text.length > most ? `${text.slice(0, most - 1)}…` : text)
})
const receivers = Object.fromEntries(
  sourceNames.map((name) => [
    name,
    createReceiverOf(name, secrets, { inbox, observers: [watch.observer] }, services),
  ]),
)
const server = createServer()
await listen(process.env['PORT'] ?? (once ? 0 : 3000)).catch((error: NodeJS.ErrnoException) => {
  // If the default port is in use, take any free port. If PORT is set, fail.
  if (error.code !== 'EADDRINUSE' || process.env['PORT'] !== undefined) throw error
  return listen(0)
})
const origin = `http://localhost:${(server.address() as AddressInfo).port}`
let address = `${origin}/postern`
server.on(
  'request',
  createApp(receivers, inbox, origin, (told) => (address = told)),
)
console.log(`Listening on ${origin}. Events are kept in\n${where}\n\nHandlers say:`)

const outcomes: Outcome[] = []
for (const one of createCases(receivers, origin)) outcomes.push(await sendCase(one, watch))
console.log(`\n${toTable(outcomes)}\n`)

if (once) {
  await close()
  process.exitCode = outcomes.every((one) => one.right) ? 0 : 1
} else {
  console.log(
    `Send the next one as often as you like; the second time it is a duplicate:\n\n${curlLine()}\n`,
  )
  console.log(
    boxed([
      'What happens, and what is wrong, is on this page:',
      address,
      'Deliveries go on coming. Explain what Stripe sent, run the dead mails again.',
    ]),
  )
  await sendOn(receivers, origin, quietly)
  closeOnSignal({ server, receivers: Object.values(receivers), inboxes: [inbox] })
}

/** Sends a delivery and hides what its handlers print, which would scroll the box off the screen. */
async function quietly(source: string, sending: () => Promise<unknown>): Promise<void> {
  quiet.push(source)
  try {
    await sending()
    await watch.settled()
  } finally {
    quiet.splice(quiet.indexOf(source), 1)
  }
}

function listen(port: string | number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(port), '127.0.0.1', resolve)
  })
}

async function close(): Promise<void> {
  server.close()
  server.closeIdleConnections()
  await Promise.all(Object.values(receivers).map((receiver) => receiver.close()))
  await inbox.close()
}

function curlLine(): string {
  const body = JSON.stringify({ action: 'opened', issue: { number: 8, title: 'Sent by hand' } })
  const { headers, url } = receivers['github']!.provider.sign!({
    topic: 'issues.opened',
    id: randomBytes(8).toString('hex'),
    body,
    url: `${origin}/webhooks/github`,
  })
  const lines = Object.entries(headers).map(([name, value]) => `  -H '${name}: ${value}' \\`)
  return [`curl -i ${url} \\`, ...lines, `  -d '${body}'`].join('\n')
}
