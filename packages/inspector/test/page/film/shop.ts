import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createReceiver, type Receiver, type ReceiverOptions } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { slack } from '@postern/providers'
import { sqliteInbox } from '@postern/sqlite'
import { settled } from '@postern/testing'

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5'
const MINUTE = 60_000

/**
 * The app in the films: a gateway that parses forms and writes them again, and a receiver behind it that verifies the
 * bytes.
 */
export interface Shop {
  readonly folder: string
  /** URL of the gateway for deliveries from Slack. */
  readonly url: string
  /** Moves the proxy before the parser in the gateway's file, and restarts the gateway. */
  fix(): Promise<void>
  /** Returns the id of the last rejected delivery. */
  rejected(): Promise<string>
  close(): Promise<void>
}

// Writes a body again that a parser has read, as `fixRequestBody` of http-proxy-middleware does.
const PROXY = `import { stringify } from 'node:querystring'
import { request } from 'node:http'

export function proxy(target) {
  return (incoming, reply) => {
    const body = incoming.body && stringify(incoming.body)
    const headers = { ...incoming.headers, ...(body && { 'content-length': Buffer.byteLength(body) }) }
    const url = new URL(incoming.originalUrl, target)
    const onward = request(url, { method: incoming.method, headers }, (came) => {
      reply.writeHead(came.statusCode, came.headers)
      came.pipe(reply)
    })
    if (body) onward.end(body)
    else incoming.pipe(onward)
  }
}
`

const PARSER = 'app.use(express.urlencoded())\n'

export async function startShop(): Promise<Shop> {
  // This folder is inside the package, so that the gateway finds Express.
  const folder = mkdtempSync(join(import.meta.dirname, '.shop-'))
  const inbox = sqliteInbox({ path: join(folder, 'webhooks.db') })
  const receiver = receiverOn(inbox)
  const server = createServer((request, reply) => void answer(request, reply))
  const answer = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/', headers } = request
    const body = await buffer(request)
    const response = await receiver.fetch(
      new Request(new URL(url, 'http://localhost'), { method, headers: headers as never, body }),
    )
    reply.writeHead(response.status, Object.fromEntries(response.headers))
    reply.end(await response.text())
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const port = await freePort()
  const code = (before: string, after: string): string =>
    `import express from 'express'\nimport { proxy } from './proxy.mjs'\n\nconst app = express()\n${before}app.use('/webhooks', proxy(process.env.ORDERS_URL))\n${after}app.listen(process.env.PORT)\n`
  const file = join(folder, 'gateway.mjs')
  writeFileSync(file, code(PARSER, ''))
  writeFileSync(join(folder, 'proxy.mjs'), PROXY)
  writeFileSync(join(folder, '.env'), `SLACK_SIGNING_SECRET=${SECRET}\n`, { mode: 0o600 })
  for (const args of [
    ['init', '-q'],
    ['config', 'color.ui', 'always'],
    ['add', 'gateway.mjs'],
    ['-c', 'user.name=shop', '-c', 'user.email=shop@shop.example', 'commit', '-qm', 'gateway'],
  ])
    spawnSync('git', args, { cwd: folder })
  let gateway = await start()
  return {
    folder,
    url: `http://localhost:${port}/webhooks/slack`,
    async fix() {
      writeFileSync(file, code('', PARSER))
      await ended(gateway)
      gateway = await start()
    },
    async rejected() {
      // Makes the receiver write its journal, so that the query finds the rejection.
      await receiver.runDue({ deadline: '2s', max: 1 })
      const { rows } = await inbox.journal!.deliveries({ outcome: 'rejected', limit: 1 })
      return rows[0]!.id
    },
    async close() {
      await ended(gateway)
      server.close()
      await receiver.close()
      await inbox.close()
      rmSync(folder, { recursive: true })
    },
  }

  async function start(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['gateway.mjs'], {
      cwd: folder,
      env: { ...process.env, ORDERS_URL: target, PORT: String(port) },
      stdio: 'ignore',
    })
    while (!(await fetch(`http://localhost:${port}/`).then(Boolean, () => false)));
    return child
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await gone
}

/** Returns port 3000, which most examples use, or a free port if 3000 is in use. */
async function freePort(): Promise<number> {
  for (const port of [3000, 0]) {
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, () => resolve(true))
    })
    const { port: found } = (probe.address() ?? { port: 0 }) as AddressInfo
    await new Promise((resolve) => probe.close(resolve))
    if (isFree) return found
  }
  throw new Error('no port is free')
}

function receiverOn(inbox: Inbox, clock: Partial<ReceiverOptions> = {}): Receiver {
  const receiver = createReceiver({
    provider: slack({ signingSecret: SECRET }),
    inbox,
    log: false,
    ...clock,
  })
  receiver.on('**', { name: 'deploy' }, () => undefined)
  return receiver as Receiver
}

/**
 * Fills the inbox with an hour of commands from Slack, up to `end`. The gateway went live 26 minutes before `mended`.
 * Both times are in milliseconds since 1970.
 */
export async function fillHour(
  inbox: Inbox,
  { end, mended }: { readonly end: number; readonly mended: number },
): Promise<Receiver> {
  let now = end - 60 * MINUTE
  const time = (): number => now
  const receiver = receiverOn(inbox, {
    clock: { now: time, monotonic: time },
    worker: 'onDemand',
    // Each step of the receiver takes 1.6 ms on this clock.
    observers: [{ step: () => void (now += 1.6) }],
  })
  for (let at = 0; now < end; at++) {
    const isBroken = now >= mended - 26 * MINUTE && now < mended
    const body = `command=%2Fdeploy&text=api+to+production&user_name=ada&trigger_id=${1000 + at}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const request = receiver.provider.sign!({
      url: 'http://localhost/webhooks/slack',
      topic: '/deploy',
      at: now,
      headers,
      body,
    })
    const came = isBroken ? body.replaceAll('+', '%20') : body
    await receiver.receive({ ...request, body: Buffer.from(came) } as never)
    // Deliveries are 15 to 45 s apart, with the same times in each film.
    now += 15_000 + ((at * 7919) % 30) * 1000
  }
  now = end
  await receiver.runDue()
  await settled(receiver)
  return receiver
}
