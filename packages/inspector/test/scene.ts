import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver, type Observer, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { github, stripe } from '@postern/providers'
import { sqliteInbox } from '@postern/sqlite'
import { deliver, settled, signed, type Delivered } from '@postern/testing'
import { inspector } from '../src/hosts/fetch.ts'
import type { Grant, InspectorOptions } from '../src/index.ts'

/** Sends requests to an inspector, as the page does. */
export interface Viewer {
  /** Sends GET to a route, and returns the reply. */
  fetch(route: string): Promise<Response>
  /** Sends GET to a route, and returns its JSON for any status. */
  get<Reply = Answer>(route: string): Promise<Reply & { readonly statusCode: number }>
  /** Sends POST to the route of an action, and returns its JSON for any status. */
  act<Reply = Answer>(
    route: string,
    body: unknown,
  ): Promise<Reply & { readonly statusCode: number }>
}

/** An inspector with receivers. */
export interface Scene extends Viewer {
  readonly inbox: Inbox
  readonly github: Receiver
  readonly stripe: Receiver
  /** Payloads that the handler `deploy` got. */
  readonly deployed: unknown[]
  /** While true, `deploy` fails. */
  broken: boolean
  /** Sends a delivery, and waits until its tasks are settled and the journal is written. */
  send(topic: string, payload?: object, options?: object): Promise<Delivered>
  /** Waits until all deliveries are in the journal. */
  written(): Promise<void>
  /** Returns the viewer of a visitor with another grant. */
  as(grant: Grant): Viewer
  close(): Promise<void>
}

// The type of a JSON reply, so that tests can read its members without casts.
type Answer = Readonly<Record<string, any>>

export const SECRET = 'a secret of the scene'

/** Makes an SQLite inbox in its own file. Unlike the inbox in memory, it keeps done tasks. */
export function temporaryInbox(): Inbox {
  return sqliteInbox({ path: join(mkdtempSync(join(tmpdir(), 'postern-inspector-')), 'inbox.db') })
}

/** Makes a {@link Scene}: GitHub with a handler that may fail, Stripe with one that does not. */
export function createScene(
  given: {
    readonly inbox?: Inbox
    readonly receiver?: object
    readonly inspector?: Partial<InspectorOptions<readonly [Request]>>
    readonly observers?: readonly Observer[]
  } = {},
): Scene {
  const inbox = given.inbox ?? temporaryInbox()
  const deployed: unknown[] = []
  const made = { inbox, log: false as const, explain: false, ...given.receiver }
  const receivers = {
    github: createReceiver({ ...made, provider: github({ secret: SECRET }) }) as Receiver,
    stripe: createReceiver({ ...made, provider: stripe({ secret: SECRET }) }) as Receiver,
  }
  const scene: Scene = {
    inbox,
    ...receivers,
    deployed,
    broken: false,
    async send(topic, payload, options = {}) {
      const sent = await deliver(
        receivers.github,
        signed(github({ secret: SECRET }), topic as 'push', payload, options),
      )
      await settled(receivers.github)
      await scene.written()
      return sent
    },
    written: async () => {
      for (const receiver of Object.values(receivers))
        await receiver.runDue({ deadline: '2s', max: 1 })
    },
    ...asking({ allow: ['replay', 'delete', 'rerun', 'sample'], as: 'ada' }),
    as: asking,
    async close() {
      await Promise.all(
        Object.values(receivers).map((receiver) => receiver.close({ timeout: '1s' })),
      )
      await inbox.close()
    },
  }
  receivers.github.on('**', { name: 'deploy', retry: { attempts: 1 } }, ({ payload }) => {
    if (scene.broken) throw new Error(`build ${deployed.length} failed`)
    deployed.push(payload)
  })
  receivers.stripe.on('**', { name: 'ledger' }, () => {})
  return scene

  function asking(grant: Grant): Viewer {
    return viewer({
      inbox,
      receivers: Object.values(receivers),
      ...(given.observers && { observers: given.observers }),
      auth: () => grant,
      ...given.inspector,
    })
  }
}

/** Makes a {@link Viewer} for an inspector with these options. */
export function viewer(options: InspectorOptions<readonly [Request]>): Viewer {
  const inspect = inspector({ log: false, ...options })
  const send = (route: string, init: RequestInit): Promise<Response> =>
    inspect(new Request(`http://app.example/postern/~/api/${route}`, init))
  const ask = async (route: string, init: RequestInit): Promise<never> => {
    const reply = await send(route, init)
    return { ...(await reply.json()), statusCode: reply.status } as never
  }
  return {
    fetch: (route) => send(route, {}),
    get: (route) => ask(route, {}),
    act: (route, body) =>
      ask(route, {
        method: 'POST',
        headers: { 'x-postern-action': '1', 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify(body),
      }),
  }
}
