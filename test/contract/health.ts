import { createReceiver, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { acme } from '@postern/testing'
import { expect, onTestFinished } from 'vitest'

const provider = acme({ secret: 'a secret of these tests' })

/** Receiver without running tasks, whose health uses a simulated clock. It closes when the test ends. */
export interface HealthScene {
  readonly inbox: Inbox
  readonly receiver: Receiver
  /** Time of the simulated clock, in milliseconds. */
  time: number
  readonly send: (id: string) => Promise<number>
  /** Sends deliveries with a wrong signature, which are rejected. */
  readonly flood: () => Promise<void>
}

export function healthScene(inbox: Inbox): HealthScene {
  const scene: HealthScene = {
    inbox,
    receiver: createReceiver({
      provider,
      inbox,
      worker: 'onDemand',
      log: false,
      clock: { monotonic: () => scene.time },
    }),
    time: 0,
    async send(id) {
      const signed = provider.sign!({ topic: 'ping', id, payload: { text: 'x'.repeat(20_000) } })
      return (await scene.receiver.receive(signed)).status
    },
    async flood() {
      const headers = { 'x-acme-signature': 'ff' }
      const forged = { url: 'https://a.example/', body: '{}', headers }
      for (let at = 0; at < 20; at++)
        expect((await scene.receiver.receive(forged)).status).toBe(401)
    },
  }
  scene.receiver.on('ping', () => {})
  onTestFinished(() => scene.receiver.close())
  return scene
}
