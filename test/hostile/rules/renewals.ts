import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { DeliveryInit } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import { awsSns } from '@postern/providers/aws-sns'
import { plaid } from '@postern/providers/plaid'
import * as sns from '../../../packages/providers/test/schemes/sns.ts'
import { onEach, takingAll } from './inboxes.ts'
import type { RulePart } from './rule.ts'

const NOW = Date.parse('2026-04-01T00:00:00Z')
const HOUR = 3_600_000
/** Numbers of made-up names. A receiver requests at most 30 certificates or keys per minute. */
const FLOODS: readonly number[] = [31, 200, 600]
const MOST_ASKED = 30

/** Provider whose deliveries name the certificate or key to request. */
interface Sender {
  readonly name: string
  /** Name of the provider's real certificate or key. */
  readonly own: string
  /** `asked` is called with each requested name. */
  readonly provider: (asked: (name: string) => void) => Provider
  /**
   * Returns a delivery that was signed at `now`, in milliseconds since 1970. With a made-up `name`, the receiver
   * rejects the delivery.
   */
  readonly delivery: (now: number, name?: string) => DeliveryInit
}

const SENDERS: readonly Sender[] = [ofSns(), ofPlaid()]

type Try = (
  sender: Sender,
  inbox: Inbox,
  name: string,
  flood: number,
) => Promise<string | undefined>

const TRIES: Readonly<Record<string, Try>> = {
  async 'after a restart'(sender, inbox, name, flood) {
    const before = opened(sender, inbox, name)
    const first = await before.genuine()
    await before.receiver.close()
    const after = opened(sender, inbox, name)
    await after.flood(flood)
    const spared = after.spared()
    const again = await after.genuine()
    await after.receiver.close()
    return first ?? spared ?? again ?? after.asked(1)
  },
  async 'in the midst of a flood after a restart'(sender, inbox, name, flood) {
    const before = opened(sender, inbox, name)
    const first = await before.genuine()
    await before.receiver.close()
    const after = opened(sender, inbox, name)
    const half = Math.ceil(flood / 2)
    const begun = [after.flood(half), after.genuine(), after.flood(half)] as const
    const [, again] = await Promise.all(begun)
    await after.receiver.close()
    return first ?? again ?? after.asked(1)
  },
  async 'hours later'(sender, inbox, name, flood) {
    const one = opened(sender, inbox, name)
    const results = [await one.genuine()]
    for (let hour = 0; hour < 3; hour++) {
      one.later(2 * HOUR)
      await one.flood(flood)
      results.push(await one.genuine())
    }
    await one.receiver.close()
    return results.find((result) => result !== undefined)
  },
}

function opened(sender: Sender, inbox: Inbox, name: string) {
  let now = NOW
  const asked: string[] = []
  const provider = sender.provider((one) => void asked.push(one))
  const receiver = takingAll({ provider, inbox, name, clock: { now: () => now } })
  const own = (): number => asked.filter((one) => one === sender.own).length
  return {
    receiver,
    later: (ms: number) => void (now += ms),
    async genuine(): Promise<string | undefined> {
      const { status } = await receiver.receive(sender.delivery(now))
      return status === 200 ? undefined : `a genuine delivery got ${status}`
    },
    async flood(count: number): Promise<void> {
      await Promise.all(
        Array.from({ length: count }, async (_, at) =>
          receiver.receive(sender.delivery(now, `made-up-${at}`)),
        ),
      )
    },
    asked: (times: number) =>
      own() === times ? undefined : `its own name was asked for ${own()} times`,
    spared: () =>
      asked.length - own() <= MOST_ASKED ? undefined : `${asked.length} names were asked for`,
  }
}

export const renewals: RulePart = {
  rule: '3c',
  title: 'what was trusted is asked for beside invented names',
  open: (inboxes) =>
    onEach(inboxes, (inbox, _, own) =>
      SENDERS.flatMap((sender) =>
        Object.entries(TRIES).flatMap(([what, play]) =>
          FLOODS.map((flood) => ({
            name: `${what}, ${flood} invented`,
            at: 'receive',
            sender: sender.name,
            run: () => play(sender, inbox, own(), flood),
          })),
        ),
      ),
    ),
}

function ofSns(): Sender {
  const known = JSON.parse(sns.message({ SigningCertURL: sns.URL_OF_LEAF })) as object
  return {
    name: 'aws-sns',
    own: sns.URL_OF_LEAF,
    provider: (asked) =>
      awsSns({
        topicArn: sns.ARN,
        ca: sns.rootPem,
        async fetch(url) {
          asked(url)
          return new Response(url === sns.URL_OF_LEAF ? sns.chainPem : 'no certificate')
        },
      }),
    delivery: (now, name) => ({
      url: 'https://example.com/sns',
      body:
        name === undefined
          ? sns.message({ Timestamp: new Date(now).toISOString() })
          : JSON.stringify({
              ...known,
              SigningCertURL: `https://sns.us-east-1.amazonaws.com/${name}.pem`,
              Timestamp: new Date(now).toISOString(),
            }),
    }),
  }
}

function ofPlaid(): Sender {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const body = '{"webhook_type":"ITEM","webhook_code":"ERROR"}'
  const key = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'own', alg: 'ES256' }
  const digest = createHash('sha256').update(body).digest('hex')
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return {
    name: 'plaid',
    own: 'own',
    provider: (asked) =>
      plaid({
        clientId: 'client',
        secret: 'a secret of the API',
        async fetch(_url, init) {
          const { key_id: id } = JSON.parse(init.body as string) as { readonly key_id: string }
          asked(id)
          return id === 'own' ? Response.json({ key }) : new Response('{}', { status: 400 })
        },
      }),
    delivery(now, name = 'own') {
      const head = part({ alg: 'ES256', kid: name })
      const claims = part({ iat: Math.floor(now / 1000), request_body_sha256: digest })
      const options = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' } as const
      const signature = sign('sha256', Buffer.from(`${head}.${claims}`), options)
      const token = `${head}.${claims}.${signature.toString('base64url')}`
      return { url: 'https://example.com/plaid', body, headers: { 'plaid-verification': token } }
    },
  }
}
