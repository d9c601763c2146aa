import { once } from 'node:events'
import { request as send, type IncomingMessage } from 'node:http'
import { createReceiver, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { generic } from '@postern/providers/generic'
import { hostNames } from '../../../packages/cli/src/hosts.ts'
import { hosts } from '../../services/hosts.ts'
import { INBOXES, openAll, type Inboxes } from './inboxes.ts'
import type { RuleCase, RulePart } from './rule.ts'

// Joined with a target by hand, all except the first change the path, the query or the host.
const GENUINE = 'api.example:8443'
const HOSTS = [
  GENUINE,
  'api.example/test',
  'api.example/test?x=',
  'api.example?x=',
  'api.example#',
  'api.example\\test',
  'someone@api.example',
  'api.example /test',
  'api.example\t/test',
  '[',
] as const
const TARGET = '/hooks'

export const addressed: RulePart = {
  rule: '14',
  title: 'an unsigned Host moves no path',
  async open(inboxes: Inboxes) {
    const { stores, close } = await openAll(inboxes)
    let number = 0
    const cases = hostNames.flatMap((at) =>
      HOSTS.map((host, which): RuleCase => {
        const inbox = INBOXES[which % INBOXES.length]!
        return {
          name: `Host: ${JSON.stringify(host)}`,
          at,
          sender: 'generic',
          inbox,
          run: () => play(at, host, stores.get(inbox)!.inbox, `addressed ${++number}`),
        }
      }),
    )
    return { cases, close }
  },
}

/** Sends a delivery with that Host. It must be rejected, or accepted under the path it was sent to. */
async function play(
  name: (typeof hostNames)[number],
  host: string,
  inbox: Inbox,
  receiverName: string,
): Promise<string | undefined> {
  const urls: string[] = []
  const provider = generic({ unauthenticated: true, topic: 'a' })
  const receiver: Receiver = createReceiver({
    provider: {
      ...provider,
      events(delivery, body) {
        urls.push(delivery.url)
        return provider.events(delivery, body)
      },
    },
    inbox,
    name: receiverName,
    log: false,
  })
  receiver.onAny(() => undefined)
  const row = hosts[name]
  const status =
    'serve' in row
      ? await served(row.serve, receiver, host)
      : await handled('whole' in row ? row.whole : row.handler, receiver, host)
  await receiver.close()
  if (host === GENUINE && status !== 200) return `it got ${status}`
  if (status === 500) return 'it got 500'
  const moved = urls.find((url) => {
    const { pathname, search, hash, username } = new URL(url)
    return pathname !== TARGET || search !== '' || hash !== '' || username !== ''
  })
  return moved === undefined ? undefined : `it was taken as ${moved}`
}

async function served(
  serve: Extract<(typeof hosts)[keyof typeof hosts], { serve: unknown }>['serve'],
  receiver: Receiver,
  host: string,
): Promise<number> {
  const { server, listen } = await serve(receiver)
  const port = await listen()
  const outgoing = send({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: TARGET,
    headers: { host, 'content-type': 'application/json' },
    agent: false,
  })
  const status = await new Promise<number>((resolve) => {
    outgoing.on('error', () => resolve(0))
    outgoing.on('response', (response: IncomingMessage) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    outgoing.end('{}')
  })
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  return status
}

async function handled(
  handler: (receiver: Receiver) => Promise<(request: Request) => Promise<Response>>,
  receiver: Receiver,
  host: string,
): Promise<number> {
  const answer = await handler(receiver)
  const headers = new Headers({ 'content-type': 'application/json' })
  headers.set('host', host)
  const request = new Request(`https://api.example${TARGET}`, {
    method: 'POST',
    headers,
    body: '{}',
  })
  return (await answer(request)).status
}
