import { once } from 'node:events'
import type { Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { generic } from '@postern/providers/generic'
import { hostNames } from '../../../packages/cli/src/hosts.ts'
import { send } from '../../../packages/testing/src/adapter/client.ts'
import { hosts, type Handler, type Serve } from '../../services/hosts.ts'
import { INBOXES, openAll, takingAll, type Inboxes } from './inboxes.ts'
import type { RuleCase, RulePart } from './rule.ts'

// If these hosts were simply joined with a target, all but the first would change the path, the query or the host.
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

/** Sends a delivery with this Host header. It must be rejected, or accepted under its own path. */
async function play(
  name: (typeof hostNames)[number],
  host: string,
  inbox: Inbox,
  receiverName: string,
): Promise<string | undefined> {
  const urls: string[] = []
  const provider = generic({ unauthenticated: true, topic: 'a' })
  const receiver = takingAll({
    provider: {
      ...provider,
      events(delivery, body) {
        urls.push(delivery.url)
        return provider.events(delivery, body)
      },
    },
    inbox,
    name: receiverName,
  })
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

async function served(serve: Serve, receiver: Receiver, host: string): Promise<number> {
  const { server, listen } = await serve(receiver)
  const url = `http://127.0.0.1:${await listen()}${TARGET}`
  const headers = { host, 'content-type': 'application/json' }
  const { status } = await send({ method: 'POST', url, headers, body: Buffer.from('{}') }).catch(
    () => ({ status: 0 }),
  )
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  return status
}

async function handled(handler: Handler, receiver: Receiver, host: string): Promise<number> {
  const answer = await handler(receiver)
  const headers = new Headers({ 'content-type': 'application/json' })
  headers.set('host', host)
  const init = { method: 'POST', headers, body: '{}' }
  return (await answer(new Request(`https://api.example${TARGET}`, init))).status
}
