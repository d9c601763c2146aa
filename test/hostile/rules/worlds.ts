import { createReceiver, type Receiver } from '@postern/core'
import { inspector } from '@postern/inspector/fetch'
import { github } from '@postern/providers/github'
import { settled, signed } from '@postern/testing'
import type { InboxName, Inboxes } from './inboxes.ts'

const SECRET = 'a secret of rule six and seven'

/** Inbox with deliveries, and an inspector page for the inbox. */
export interface World {
  /** Sends a request without access to payloads: POST with a body, otherwise GET. Returns the reply as text. */
  readonly ask: (route: string, body?: unknown) => Promise<string>
  /** Like `ask`, with access to payloads. Returns the parsed reply. */
  readonly see: <Reply>(route: string, body?: unknown) => Promise<Reply>
  /** Returns the id of the first row that a query finds. */
  readonly idOf: (query: string) => Promise<string>
  readonly send: (id: string, payload: object, secret?: string) => Promise<void>
  readonly close: () => Promise<void>
}

class Rejected extends TypeError {
  readonly code = 'E_REJECTED'
}

/**
 * Opens a {@link World} on an empty inbox. The handler `mail` fails with a message that contains parts of the payload.
 */
export async function openWorld(name: InboxName, inboxes: Inboxes): Promise<World> {
  const { inbox, close } = await inboxes.open(name)
  const receiver = createReceiver({
    provider: github({ secret: SECRET }),
    inbox,
    log: false,
    explain: false,
  }) as Receiver
  receiver.on('push', { name: 'mail', retry: { attempts: 1 } }, ({ payload }) => {
    const { text = '' } = payload as { text?: string }
    throw new Rejected(`cannot mail ${text}\n    at mail (/app/${text}.ts:${text.length}:1)`)
  })
  receiver.on('issues.opened', { name: 'parse', retry: { attempts: 1 } }, ({ payload }) => {
    JSON.parse((payload as { text?: string }).text ?? '')
  })
  const issue = (value: unknown) => ({
    issues: [
      {
        message: `received ${JSON.stringify(value)}`,
        path: ['items', JSON.stringify(value).length, String(value)],
      },
    ],
  })
  const schema = {
    '~standard': {
      version: 1 as const,
      vendor: 'rule',
      validate: (value: unknown) => issue((value as { text: string }).text),
    },
  }
  receiver.on('release.published', { name: 'typed', schema: schema as never }, () => {})
  const page = (payloads: boolean) =>
    inspector({
      inbox,
      receivers: [receiver],
      log: false,
      auth: () => ({ allow: ['replay', 'delete', 'rerun', 'sample'], payloads }),
    })
  const [hidden, open] = [page(false), page(true)]
  const ask = async (to: typeof hidden, route: string, body?: unknown): Promise<string> => {
    const reply = await to(
      new Request(`http://app.example/postern/~/api/${route}`, {
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
        headers: { 'x-postern-action': '1', 'sec-fetch-site': 'same-origin' },
      }),
    )
    return `${reply.status} ${await reply.text()}`
  }
  const see = async <Reply>(route: string, body?: unknown): Promise<Reply> =>
    JSON.parse((await ask(open, route, body)).slice(4)) as Reply
  return {
    ask: (route, body) => ask(hidden, route, body),
    see,
    async idOf(query) {
      const route = `list?q=${encodeURIComponent(query)}`
      const { rows } = await see<{ rows: { id: string }[] }>(route)
      return rows[0]!.id.replace(/^\w+:/, '')
    },
    async send(id, payload, secret = SECRET) {
      const topic = { p: 'push', i: 'issues.opened', r: 'release.published' }[id[0]!] as 'push'
      const reply = await receiver.fetch(await signed(github({ secret }), topic, payload, { id }))
      await reply.body?.cancel()
      const expected = secret === SECRET ? 200 : 401
      if (reply.status !== expected) throw new Error(`${id} got ${reply.status}`)
      await settled(receiver, { timeout: 20_000 })
      await receiver.runDue({ deadline: '2s', max: 1 })
    },
    async close() {
      await receiver.close({ timeout: '2s' })
      await close()
    },
  }
}
