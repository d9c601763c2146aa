import { connect, type Socket } from 'node:net'
import type { Inbox } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { signedInit } from '@postern/testing'
import { serveOn, serverNames } from '../../services/hosts.ts'
import { INBOXES, onEach, takingAll } from './inboxes.ts'
import type { RulePart } from './rule.ts'

const CONNECTIONS = 500
const PART = 4096
const DELIVERIES = 5
const provider = github({ secret: 'a secret of tests' })
const ONES: Readonly<Record<string, { readonly bytes: number; readonly isChunked: boolean }>> = {
  'small ones beside bodies without a length': { bytes: 1000, isChunked: true },
  'large ones beside bodies with a length': { bytes: 200_000, isChunked: false },
}

/** Rule 3d: connections have sent more bytes than the budget allows, and each still has more to send. */
export const trickling: RulePart = {
  rule: '3d',
  title: '500 trickling connections reject nobody',
  // Core reserves space before an inbox is used. So unless `every` is set, one inbox runs both sizes, and the others
  // run one size.
  open: (inboxes, every) =>
    onEach(inboxes, (inbox, name, own) =>
      serverNames.flatMap((host, n) =>
        Object.entries(ONES)
          .filter((_, one) => every || name === 'memory' || (n + INBOXES.indexOf(name)) % 2 === one)
          .map(([what, one]) => ({
            name: what,
            at: host,
            sender: 'github',
            run: () => tried(host, inbox, own(), one),
          })),
      ),
    ),
}

async function tried(
  host: (typeof serverNames)[number],
  inbox: Inbox,
  name: string,
  { bytes, isChunked }: (typeof ONES)[string],
): Promise<string | undefined> {
  const limits = { body: 300_000, totalBuffered: 1_200_000, bodyTimeout: '30s' } as const
  const receiver = takingAll({ provider, inbox, name, limits })
  const { server, listen } = await serveOn(host, receiver)
  const port = await listen()
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => trickle(port, isChunked)),
  )
  try {
    for (let at = 0; at < DELIVERIES; at++) {
      for (const socket of sockets) if (socket.writable) socket.write(part(isChunked))
      const { status, text } = await delivered(port, bytes)
      if (status !== 200) return `genuine delivery ${at + 1} got ${status} ${text}`
    }
    return undefined
  } finally {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await receiver.close()
  }
}

/** Opens a connection. Sends a head that looks genuine, and the first part of the body. */
function trickle(port: number, isChunked: boolean): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  // Most connections are rejected and closed. The rule requires this.
  socket.on('error', () => undefined)
  socket.resume()
  const head = [
    'POST / HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    'x-github-event: push',
    'x-github-delivery: 11111111-2222-4333-8444-555555555555',
    `x-hub-signature-256: sha256=${'0'.repeat(64)}`,
    isChunked ? 'transfer-encoding: chunked' : 'content-length: 290000',
    '',
    '',
  ].join('\r\n')
  return new Promise((resolve) => {
    socket.write(Buffer.concat([Buffer.from(head), part(isChunked)]), () => resolve(socket))
  })
}

function part(isChunked: boolean): Buffer {
  const bytes = Buffer.alloc(PART, 'x')
  return isChunked
    ? Buffer.concat([Buffer.from(`${PART.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
    : bytes
}

async function delivered(
  port: number,
  bytes: number,
): Promise<{ readonly status: number; readonly text: string }> {
  const url = `http://127.0.0.1:${port}/`
  const { headers, body } = await signedInit(provider, 'push', { text: 'x'.repeat(bytes) }, { url })
  const reply = await fetch(url, {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: body as Uint8Array<ArrayBuffer>,
  })
  return { status: reply.status, text: await reply.text() }
}
