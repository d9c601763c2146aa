import assert from 'node:assert/strict'
import { fixed, UnrecoverableError } from '@postern/core'
import { gate } from '../make.ts'
import { receiverHeard, deliverSigned, type SceneTest } from '../scene.ts'

export function receiverCases(test: SceneTest, bounded: boolean): void {
  test('a delivery through a receiver: acknowledged, run, and a redelivery runs nothing', async (scene) => {
    const { receiver, happened, until } = receiverHeard(scene)
    receiver.on('thing.*', (event, task) => {
      happened.push(`ran ${event.id} ${String((event.payload as { n: number }).n)} ${task.attempt}`)
    })
    assert.equal((await deliverSigned(receiver, '1')).status, 200)
    await until('done 1')
    assert.equal((await deliverSigned(receiver, '1')).status, 200)
    assert.equal((await deliverSigned(receiver, '2')).status, 200)
    await until('done 2')
    assert.deepEqual(
      happened.filter((one) => one.startsWith('ran')),
      ['ran 1 7 1', 'ran 2 7 1'],
    )
    assert.ok(happened.includes('duplicate 1'))
  })

  test('a failed task of a tenant runs again', async (scene) => {
    const { receiver, happened, until } = receiverHeard(scene, { tenantKey: () => 'tenant' })
    receiver.on('thing.*', { retry: fixed({ attempts: 3, delay: 10 }) }, (event, task) => {
      happened.push(`ran ${event.id} ${task.attempt}`)
      if (task.attempt < 3) throw new Error('not yet')
    })
    for (const id of ['1', '2', '3']) await deliverSigned(receiver, id)
    for (const id of ['1', '2', '3']) await until(`done ${id}`)
    assert.equal(happened.filter((one) => one.startsWith('ran')).length, 9)
  })

  test('whatever a handler throws is an error like any other: its task is tried again, and dead', async (scene) => {
    const { receiver, happened, until } = receiverHeard(scene)
    const things = thrown()
    const retry = fixed({ attempts: 2, delay: 10 })
    receiver.on('thing.*', { retry }, (event) => {
      happened.push(`ran ${event.id}`)
      throw things[Number(event.id)]
    })
    for (const id of things.keys()) await deliverSigned(receiver, String(id))
    for (const id of things.keys()) await until(`dead ${id}`)
    for (const id of things.keys())
      assert.equal(happened.filter((one) => one === `ran ${id}`).length, 2)
  })

  test('a clock that gives parts of milliseconds loses nothing of the journal', async (scene) => {
    const warnings: string[] = []
    const { receiver, until } = receiverHeard(scene, {
      clock: { now: () => Date.now() + 0.25 },
      log: { warning: (_, message) => void warnings.push(message) },
    })
    receiver.on('thing.*', () => {})
    await deliverSigned(receiver, '1')
    await until('done 1')
    await receiver.close()
    assert.deepEqual(
      warnings.filter((one) => one.includes('journal')),
      [],
    )
    const page = await scene.inbox.journal?.deliveries()
    assert.deepEqual(
      page?.rows.map(({ ids, at }) => [...ids, Number.isInteger(at)]) ?? [['1', true]],
      [['1', true]],
    )
  })

  test("a run is measured by the receiver's own clock", async (scene) => {
    let time = 0
    const { receiver, until } = receiverHeard(scene, { clock: { monotonic: () => time } })
    receiver.on('thing.*', () => {
      time += 1234
      throw new UnrecoverableError('after a while')
    })
    await deliverSigned(receiver, '1')
    await until('dead 1')
    const [task] = await receiver.tasks({ state: 'dead' })
    assert.equal(task?.duration, 1234)
  })

  test('a handler that throws is tried again with the same idempotency key', async (scene) => {
    const { receiver, until } = receiverHeard(scene)
    const keys: string[] = []
    receiver.on('thing.*', { retry: fixed({ attempts: 3, delay: 1 }) }, (_, task) => {
      keys.push(task.idempotencyKey)
      if (task.attempt < 3) throw new Error('not yet')
    })
    await deliverSigned(receiver, '1')
    await until('done 1')
    assert.equal(keys.length, 3)
    assert.equal(new Set(keys).size, 1)
  })

  test('a task that gives up is dead, and replay runs it', async (scene) => {
    const { receiver, until } = receiverHeard(scene)
    let broken = true
    receiver.on('thing.*', { retry: fixed({ attempts: 2, delay: 1 }) }, () => {
      if (broken) throw new UnrecoverableError('no such customer')
    })
    await deliverSigned(receiver, '1')
    await until('dead 1')
    broken = false
    const [dead] = await receiver.tasks({ state: 'dead' })
    assert.equal(dead?.error?.message, 'no such customer')
    await assert.rejects(receiver.replay(undefined as never), TypeError)
    assert.equal((await receiver.replay({})).count, 1)
    await until('done 1')
  })

  test('closing lets what runs end, and rejects deliveries with 503', async (scene) => {
    const { receiver, happened, until } = receiverHeard(scene)
    const open = gate()
    receiver.on('thing.*', () => open.passed)
    await deliverSigned(receiver, '1')
    await until('started 1')
    const closed = receiver.close({ timeout: '10s' })
    assert.equal((await deliverSigned(receiver, '2')).status, 503)
    open.pass()
    await closed
    assert.ok(happened.includes('done 1'))
  })

  if (!bounded) return
  test(
    'a full inbox is a 503 with Retry-After',
    async (scene) => {
      const { receiver, happened, until } = receiverHeard(scene)
      const open = gate()
      receiver.on('thing.*', () => open.passed)
      await deliverSigned(receiver, '1')
      const reply = await deliverSigned(receiver, '2')
      assert.equal(reply.status, 503)
      assert.ok(reply.headers?.['retry-after'])
      assert.ok(happened.includes('rejected inbox_full'))
      open.pass()
      await until('done 1')
      assert.equal((await deliverSigned(receiver, '2')).status, 200)
      await until('done 2')
    },
    { maxPending: 1 },
  )
}

/** Returns unusual values that a handler can throw. */
function thrown(): readonly unknown[] {
  const revoked = (target: object): unknown => {
    const { proxy, revoke } = Proxy.revocable(target, {})
    revoke()
    return proxy
  }
  const fail = (): never => {
    throw new Error('it cannot be read')
  }
  const trap = new Proxy(
    {},
    { get: fail, getPrototypeOf: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail },
  )
  const getters = Object.defineProperties(new Error('with getters'), {
    code: { get: fail },
    cause: { get: fail },
    errors: { get: fail },
    errcode: { get: fail },
  })
  return [
    revoked({}),
    revoked(() => {}),
    trap,
    getters,
    new Error('within', { cause: revoked({}) }),
    new AggregateError([revoked([])], 'several'),
    Object.create(null),
    { code: { toString: fail } },
    undefined,
    null,
    Symbol('thrown'),
    1n,
  ]
}
