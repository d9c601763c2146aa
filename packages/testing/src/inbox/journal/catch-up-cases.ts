import assert from 'node:assert/strict'
import { createReceiver, type Receiver } from '@postern/core'
import { catchUp, type PayloadSource } from '@postern/registrar'
import { acme } from '../../acme.ts'
import type { Scene, SceneTest } from '../scene.ts'

const COUNT = 120
const FAILS_AT = 80
const provider = acme({ secret: 'a secret of the suite' })
const ids = Array.from({ length: COUNT }, (_, at) => String(at + 1))

export function catchUpCases(test: SceneTest): void {
  flakyCase(test)
  test('each event is accepted once, and a call that was cut off continues there', async (scene) => {
    const { receiver, ran, allDone } = listen(scene)
    const start = Date.now() - 60_000
    const read: string[] = []
    const { source, recover } = list(start, read)
    await send(receiver, '7')
    await assert.rejects(catchUp(receiver, source, { since: start }), /the sender is down/)
    recover()
    const result = await catchUp(receiver, source, { since: start })
    assert.equal(result.failed, 0)
    assert.equal(result.resumedAt, start + FAILS_AT)
    assert.deepEqual(read, ids, 'a payload that was accepted is not read again')
    await send(receiver, '120')
    await allDone
    assert.deepEqual(new Set(ran), new Set(ids))
    assert.equal(ran.length, COUNT)
  })

  test('of two calls at once, one runs', async (scene) => {
    const { receiver } = listen(scene)
    const start = Date.now() - 60_000
    const { source, recover } = list(start, [])
    recover()
    const calls = [1, 2].map(async () => catchUp(receiver, source, { since: start }))
    const ended = await Promise.allSettled(calls)
    const rejected = ended.filter((one) => one.status === 'rejected')
    assert.equal(rejected.length, 1)
    assert.equal((rejected[0]!.reason as { readonly code: string }).code, 'in_progress')
  })
}

const MANY = 400
// One in this number of requests fails, so that the calls of `catchUp` end at many different events.
const FAILS = 37
const CALLS = 40

/** Defines a test with a sender that fails sometimes. Repeated calls of `catchUp` must accept each event once. */
function flakyCase(test: SceneTest): void {
  test('a sender that fails again and again ends in progress: each event is accepted once', async (scene) => {
    const { receiver, ran, allDone } = listen(scene, MANY)
    const start = Date.now() - 60_000
    let asked = 0
    const flaky = (): void => {
      if (++asked % FAILS === 0) throw new Error('the sender is down')
    }
    const source: PayloadSource = {
      kind: 'payload',
      provider: 'acme',
      account: 'flaky',
      async *list({ since }) {
        for (let at = MANY; at >= 1; at--) {
          if (at % 100 === 0) flaky()
          const id = String(at)
          if (start + at >= since)
            yield { id, topic: 'thing.happened', at: start + at, undelivered: true, ref: id }
        }
        return false
      },
      async read({ id }) {
        flaky()
        const headers = { 'x-acme-id': id, 'x-acme-topic': 'thing.happened' }
        return { headers, body: JSON.stringify({ n: Number(id) }) }
      },
    }
    let complete = false
    for (let call = 0; !complete; call++) {
      assert.ok(call < CALLS, `not complete after ${CALLS} calls: ${asked} requests were made`)
      complete = await catchUp(receiver, source, { since: start }).then(
        (result) => result.complete && result.failed === 0,
        (error: unknown) => {
          assert.match(String(error), /the sender is down/)
          return false
        },
      )
    }
    await allDone
    assert.equal(ran.length, MANY)
    assert.equal(new Set(ran).size, MANY)
  })
}

/** Creates a receiver on the scene's inbox. `ran` has the ids of the events that ran. */
function listen(
  scene: Scene,
  count = COUNT,
): {
  readonly receiver: Receiver
  readonly ran: readonly string[]
  /** Resolves when `count` different events are done. */
  readonly allDone: Promise<void>
} {
  const ran: string[] = []
  const done = new Set<string | undefined>()
  const receiver = createReceiver({ provider, inbox: scene.inbox, log: false })
  receiver.on('thing.*', (event) => void ran.push(event.id!))
  const allDone = new Promise<void>((resolve) => {
    receiver.observe({ done: ({ id }) => done.add(id).size === count && resolve() })
  })
  return { receiver, ran, allDone }
}

/** Makes a source. Until `recover` is called, reading an event after FAILS_AT fails. */
function list(
  start: number,
  read: string[],
): { readonly source: PayloadSource; readonly recover: () => void } {
  let last = FAILS_AT
  const source: PayloadSource = {
    kind: 'payload',
    provider: 'acme',
    account: 'all',
    async *list({ since }) {
      for (const id of ids.toReversed()) {
        const at = start + Number(id)
        if (at >= since) yield { id, topic: 'thing.happened', at, undelivered: true, ref: id }
      }
      return false
    },
    async read({ id }) {
      if (Number(id) > last) throw new Error('the sender is down')
      read.push(id)
      const headers = { 'x-acme-id': id, 'x-acme-topic': 'thing.happened' }
      return { headers, body: JSON.stringify({ n: Number(id) }) }
    },
  }
  return { source, recover: () => (last = Infinity) }
}

async function send(receiver: Receiver, id: string): Promise<void> {
  const draft = { topic: 'thing.happened', id, payload: { n: Number(id) } }
  assert.equal((await receiver.receive(provider.sign!(draft))).status, 200)
}
