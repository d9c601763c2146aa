import { allOf, type Json } from '@postern/core'
import type { Records } from '@postern/core/inbox'
import { generic } from '@postern/providers/generic'
import { asana } from '@postern/providers/asana'
import { notion } from '@postern/providers/notion'
import { websub } from '@postern/providers/websub'
import type { Provider } from '@postern/core/scheme'
import type { Wire } from '../case.ts'
import { takingAll } from './inboxes.ts'
import type { RulePart } from './rule.ts'
import { everywhere, type Try } from './tenants.ts'

const edge = generic({
  name: 'edge',
  secret: 'the secret of the edge',
  scheme: 'header-token',
  header: 'x-edge',
})

interface Sender {
  readonly make: (calls: string[], records: Records) => Provider
  readonly challenge: Omit<Wire, 'headers'> & { readonly headers: Wire['headers'] }
}

const url = 'https://example.com/hooks'
const note = (calls: string[], name: string) => (): true => {
  calls.push(name)
  return true
}

const SENDERS: Readonly<Record<string, Sender>> = {
  asana: {
    make: (calls, records) =>
      asana({
        records,
        acceptHandshake: note(calls, 'acceptHandshake'),
        onSecret: () => void note(calls, 'onSecret')(),
      }),
    challenge: {
      method: 'POST',
      url,
      headers: [['x-hook-secret', 'planted']],
      body: Buffer.from('{}'),
    },
  },
  notion: {
    make: (calls) => notion({ onSecret: () => void note(calls, 'onSecret')() }),
    challenge: planted(),
  },
  websub: {
    make: (calls) =>
      websub({
        secret: 'the secret of the hub',
        expectedTopic: note(calls, 'expectedTopic'),
        onVerified: () => void note(calls, 'onVerified')(),
      }),
    challenge: {
      method: 'GET',
      url: `${url}?hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example&hub.challenge=c`,
      headers: [],
      body: new Uint8Array(),
    },
  },
}

function planted(): Sender['challenge'] {
  const body = '{"verification_token":"secret_planted"}'
  const { headers } = notion({ verificationToken: 'secret_planted' }).sign!({ body })
  return { method: 'POST', url, headers: Object.entries(headers), body: Buffer.from(body) }
}

export const accessFirst: RulePart = {
  rule: '15',
  title: 'access first: a check that rejects hides the sender behind it',
  open: (inboxes, every) =>
    everywhere(
      inboxes,
      Object.fromEntries(
        Object.entries(SENDERS).flatMap(([name, sender]): [string, Try][] => [
          [
            `a challenge for ${name} without the proof of the edge`,
            (host, inbox, own) => tried(sender, [], host, inbox, own),
          ],
          [
            `a challenge for ${name} with a wrong proof`,
            (host, inbox, own) => tried(sender, [['x-edge', 'wrong']], host, inbox, own),
          ],
        ]),
      ),
      every,
    ),
}

async function tried(
  { make, challenge }: Sender,
  proof: Wire['headers'],
  ...[host, inbox, name]: Parameters<Try>
): Promise<string | undefined> {
  const calls: string[] = []
  const records: Records = {
    get: (key) => (calls.push('records.get'), inbox.records!.get(key)),
    set: (key, value: Json, version) => (
      calls.push('records.set'),
      inbox.records!.set(key, value, version)
    ),
    delete: (key, version) => inbox.records!.delete(key, version),
    list: (prefix) => inbox.records!.list(prefix),
  }
  const provider = allOf(edge, make(calls, records))
  const receiver = takingAll({ name, provider, inbox, explain: true })
  host.use(receiver)
  const { status } = await host.send({ ...challenge, headers: [...challenge.headers, ...proof] })
  const rejected = [...calls]
  calls.length = 0
  // Checks the same request with the proof. Otherwise a test that calls nothing would pass.
  const genuine = [...challenge.headers, ['x-edge', 'the secret of the edge'] as const]
  const passed = await host.send({ ...challenge, headers: genuine })
  await receiver.close()
  if (status !== 401) return `the stranger got ${status}`
  if (rejected.length > 0) return `${rejected.join(' and ')} were called`
  return passed.status === 200 && calls.length > 0 ? undefined : `the edge got ${passed.status}`
}
