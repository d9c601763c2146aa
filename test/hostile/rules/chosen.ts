import { health } from '@postern/core/routes'
import type { Inbox } from '@postern/core/inbox'
import { createSender, DestinationRejected, forward, type Registration } from '@postern/forward'
import { github } from '@postern/providers/github'
import { standardWebhooks } from '@postern/providers/standard-webhooks'
import { onEach, takingAll } from './inboxes.ts'
import type { RulePart } from './rule.ts'

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const MINE = 'https://mine.example/hooks'
const THEIRS = 'https://theirs.example/hooks'

const TAKEN: Readonly<Record<string, Partial<Registration>>> = {
  'another URL': {},
  'replace: false': { replace: false },
  'replace that is no boolean': { replace: 'true' as never },
  'the same URL': { url: MINE },
  'a secret of his own': { secret: SECRET },
  'other topics': { url: MINE, topics: '**' },
}

/** Signers that would use one key for two customers. */
const SIGNERS: Readonly<Record<string, unknown>> = {
  'one provider': standardWebhooks({ secret: SECRET }),
  'one signer of GitHub': github({ secret: 'a secret of tests' }),
  nothing: undefined,
}

/** Errors of an engine that cannot reach its server. */
const ADDRESSES: readonly string[] = [
  'connect ECONNREFUSED 10.0.0.5:6379',
  'getaddrinfo ENOTFOUND redis.internal.example',
  'unable to open database file /var/lib/app/inbox.db',
]

export const chosen: RulePart = {
  rule: '11',
  title: 'what users choose reaches no others',
  open: (inboxes) =>
    onEach(inboxes, (inbox, _, own) => [
      ...Object.entries(TAKEN).map(([what, given]) => ({
        name: `a taken id, ${what}`,
        at: 'createSender.register',
        run: () => registered(inbox, own(), given),
      })),
      ...Object.entries(SIGNERS).map(([what, sign]) => ({
        name: `destinations by function, ${what}`,
        at: 'forward',
        async run() {
          try {
            forward({ to: () => [MINE, THEIRS], sign: sign as never })
          } catch (error) {
            const isRight = error instanceof TypeError && error.message.startsWith('sign')
            return isRight ? undefined : `it threw ${String(error)}`
          }
          return 'it was taken'
        },
      })),
      ...ADDRESSES.map((address) => ({
        name: address,
        at: 'health',
        sender: 'github',
        run: () => unreachable(inbox, own(), address),
      })),
    ]),
}

async function registered(
  inbox: Inbox,
  name: string,
  given: Partial<Registration>,
): Promise<string | undefined> {
  const source = createSender({ name, inbox, key: Buffer.alloc(32, 7), log: false })
  try {
    await source.register({ id: 'shop', url: MINE, topics: 'card.*' })
    const before = JSON.stringify(await inbox.records!.list(`postern:source:${name}:`))
    const answer = await source
      .register({ id: 'shop', url: THEIRS, topics: 'card.*', ...given })
      .catch((error: unknown) => error)
    if (!(answer instanceof DestinationRejected)) return `it got ${JSON.stringify(answer)}`
    if (answer.message.includes('mine.example')) return `it was told ${answer.message}`
    const after = JSON.stringify(await inbox.records!.list(`postern:source:${name}:`))
    return after === before ? undefined : 'the destination has changed'
  } finally {
    await source.close({ timeout: 0 })
  }
}

async function unreachable(
  inbox: Inbox,
  name: string,
  address: string,
): Promise<string | undefined> {
  const rejected = (): Promise<never> => Promise.reject(new Error(address))
  const failing = { ...inbox, view: { ...inbox.view!, stats: rejected } }
  const provider = github({ secret: 'a secret of tests' })
  const receiver = takingAll({ name, inbox: failing, provider, worker: 'onDemand' })
  try {
    const replies = await Promise.all(
      ['', '?work', '?live'].map((query) =>
        health([receiver])(new Request(`https://app.example/healthz${query}`)),
      ),
    )
    const texts = await Promise.all(replies.map((reply) => reply.text()))
    if (!texts[0]!.includes('"unavailable"')) return `it told ${texts[0]!}`
    return texts.some((text) => text.includes(address)) ? `it told ${texts.join()}` : undefined
  } finally {
    await receiver.close({ timeout: 0 })
  }
}
