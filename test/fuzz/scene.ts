import assert from 'node:assert/strict'
import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import { acme } from '@postern/testing'
import type { HostServer } from '../services/hosts.ts'
import { exchange } from './socket.ts'

/** Server with a receiver, which records the events that its handler gets. */
export interface Scene {
  readonly port: number
  delivery(): Composed
  payload(id: string): unknown
  /** Returns the payload of each run of the event. */
  runs(id: string): readonly unknown[]
  /** Returns the ids of events that ran although {@link Scene.delivery} did not create them. */
  strangers(): readonly string[]
  /** Throws unless the server still accepts a valid delivery. Only some calls check it. */
  check(): Promise<void>
  readonly close: () => Promise<void>
}

export interface Composed {
  readonly id: string
  /** Returns the request head, including the blank line. */
  readonly head: (chunked: boolean) => string
  readonly body: Uint8Array
}

const EVERY = 16

export async function openScene(open: (receiver: Receiver) => Promise<HostServer>): Promise<Scene> {
  const provider = acme({ secret: 'the secret of raw requests' })
  const runs = new Map<string, unknown[]>()
  let ran: () => void = () => {}
  const receiver = createReceiver({
    provider,
    inbox: memoryInbox({ max: 1000 }),
    log: false,
    limits: { bodyTimeout: '2s' },
  })
  receiver.onAny((event) => {
    // Uses the id of the payload, because the id in the header is not signed.
    const { id } = event.payload as { readonly id: string }
    runs.set(id, [...(runs.get(id) ?? []), event.payload])
    ran()
  })
  const { server, listen } = await open(receiver)
  const port = await listen()
  let made = 0
  const scene: Scene = {
    port,
    delivery() {
      const id = `raw-${++made}`
      const { headers, body } = provider.sign!({
        id,
        topic: 'thing.happened',
        payload: scene.payload(id),
      })
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      return {
        id,
        body,
        head: (chunked) =>
          [
            'POST /hooks HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n',
            chunked ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${body.length}\r\n`,
            ...lines,
            '\r\n',
          ].join(''),
      }
    },
    payload: (id) => ({ id, note: 'ü'.repeat(20) }),
    runs: (id) => runs.get(id) ?? [],
    strangers: () => [...runs.keys()].filter((id) => !/^raw-\d+$/.test(id)),
    async check() {
      if (made % EVERY !== 0) return
      const { id, head, body } = scene.delivery()
      const running = new Promise<void>((resolve) => (ran = resolve))
      const { statuses } = await exchange(
        port,
        Buffer.concat([Buffer.from(head(false)), body]),
        [],
        true,
      )
      assert.deepEqual(statuses, [200], 'the server takes no right delivery any more')
      if (!runs.has(id)) await running
      runs.clear()
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await receiver.close()
    },
  }
  return scene
}
