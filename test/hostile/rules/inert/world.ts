import { createReceiver, type Receiver } from '@postern/core'
import type { Arrival } from '@postern/core/inbox'
import type { About, Provider } from '@postern/core/scheme'
import { inspector } from '@postern/inspector/fetch'
import { github } from '@postern/providers/github'
import { catalogue } from '@postern/providers/catalogue'
import { madeUpSecrets, settled, signedInit } from '@postern/testing'
import { allRows } from '../../../services/inboxes.ts'
import { INBOXES, type InboxName, type Inboxes, type OpenedInbox } from '../inboxes.ts'
import { ALL_LIVE, LIVE } from './live.ts'

export interface Hostile {
  readonly sender: string
  readonly about: About
  /** Key of {@link LIVE}, or a name for binary data. */
  readonly kind: string
  readonly url: string
  readonly arrival: Arrival
}

/** Inbox with hostile deliveries. */
export interface World {
  readonly name: InboxName
  readonly opened: OpenedInbox
  readonly hostile: readonly Hostile[]
  /** Id of a dead task with a hostile payload and error. */
  readonly dead: string
  readonly get: (route: string) => Promise<Readonly<Record<string, unknown>>>
  readonly close: () => Promise<void>
}

/** Secret of the receiver `app`, which has dead tasks. */
const APP_SECRET = 'a secret of the app'

/**
 * Fills each inbox with a rejected delivery of each provider, and with each hostile text from one provider. Core
 * decides what is kept. So unless `every` is set, durable inboxes get only the texts.
 */
export async function openWorlds(
  inboxes: Inboxes,
  sink: string,
  every: boolean,
): Promise<readonly World[]> {
  const worlds: World[] = []
  for (const name of INBOXES) {
    const senders = [...catalogue.values()].filter(
      (about) => every || name === 'memory' || about.name === 'github',
    )
    worlds.push(await openWorld(name, inboxes, sink, senders))
  }
  return worlds
}

async function openWorld(
  name: InboxName,
  inboxes: Inboxes,
  sink: string,
  senders: readonly About[],
): Promise<World> {
  const opened = await inboxes.open(name, true)
  const receivers: Receiver[] = []
  const sent: Omit<Hostile, 'arrival'>[] = []
  const texts = Object.entries(LIVE)
  const bytes = [
    ['bytes that are no text', Buffer.from([0, 255, 10, 39, 27, 93, 64])],
    ['a body that no command line holds', Buffer.from(`'${ALL_LIVE}\n`.repeat(400))],
  ] as const
  const kinds = [...texts.map(([kind, text]) => [kind, Buffer.from(text)] as const), ...bytes]
  const make = (about: About, provider: Provider): Receiver => {
    const made = createReceiver({
      provider,
      inbox: opened.inbox,
      name: about.name,
      log: false,
      explain: false,
      storage: { rejectedBodies: 1000 },
    }) as Receiver
    receivers.push(made)
    return made
  }
  let at = 0
  for (const about of senders) {
    const provider = providerOf(about)
    if (!provider) continue
    const receiver = make(about, provider)
    const chosen = about.name === 'github' ? kinds : [kinds[at++ % kinds.length]!]
    for (const [kind, body] of chosen) {
      const place = `${name}/${about.name}-${sent.length}`
      const url = `${sink}/${place}/[1-3]{a,b}/../'$(touch\${IFS}canary)?q=\`id\`&"=!!|\\^~`
      const headers = [
        ['content-type', 'text/plain'],
        ['user-agent', `it's "$(touch canary)" \`id\` \\ ! Zo\u00C3\u00AB`],
        ['x-empty', ''],
      ] as const
      await receiver.receive({ method: 'POST', url, headers, body })
      sent.push({ sender: about.name, about, kind, url })
    }
  }
  const dead = await deadTask(opened, receivers)
  const arrivals = await arrivalsOf(opened, sent.length + 1)
  const inspect = inspector({
    inbox: opened.inbox,
    receivers,
    log: false,
    auth: () => ({ allow: 'all' as const, payloads: true }),
  })
  return {
    name,
    opened,
    dead,
    hostile: sent.flatMap((one) => {
      const path = new RegExp(`/${one.sender}-${sent.indexOf(one)}/`)
      const arrival = arrivals.find((each) => path.test(each.path))
      // Deliveries that were accepted, or rejected before their body was read, have no body to copy.
      return arrival?.kept ? [{ ...one, arrival }] : []
    }),
    get: async (route) =>
      (await (
        await inspect(new Request(`http://app.example/postern/~/api/${route}`))
      ).json()) as Readonly<Record<string, unknown>>,
    async close() {
      await Promise.all(receivers.map((receiver) => receiver.close({ timeout: '1s' })))
      await opened.close()
    },
  }
}

/** Creates a dead task with the hostile text in its error. */
async function deadTask({ inbox }: OpenedInbox, receivers: Receiver[]): Promise<string> {
  const provider = github({ secret: APP_SECRET })
  const app = createReceiver({ provider, inbox, name: 'app', log: false, explain: false })
  receivers.push(app as Receiver)
  app.on('push', { name: 'mail', retry: { attempts: 1 } }, ({ payload }) => {
    throw new Error(`no mail to ${JSON.stringify(payload)} ${ALL_LIVE}`)
  })
  await app.receive(await signedInit(provider, 'push', { ref: ALL_LIVE }, { id: 'e1' }))
  await settled(app)
  const { rows } = await inbox.view!.list({ receiver: 'app' })
  return rows[0]!.id
}

/** Returns the journal once it has all deliveries. */
async function arrivalsOf({ inbox }: OpenedInbox, count: number): Promise<readonly Arrival[]> {
  for (;;) {
    const rows = await allRows((page) => inbox.journal!.deliveries({ limit: 100, ...page }))
    if (rows.length >= count)
      return Promise.all(rows.map(async ({ id }) => (await inbox.journal!.delivery(id))!))
    // The journal is written in the background, within one second.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function providerOf(about: About): Provider | undefined {
  const more = 'publicUrl' in about.options ? [{}, { publicUrl: 'https://app.example/' }] : [{}]
  for (const secret of about.secretOption === undefined ? [undefined] : madeUpSecrets())
    for (const options of more)
      try {
        return about.create({
          ...options,
          ...(secret !== undefined && { [about.secretOption!]: secret }),
        })
      } catch {
        // The provider needs a secret of another format.
      }
  return undefined
}
