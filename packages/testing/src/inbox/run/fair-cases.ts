import assert from 'node:assert/strict'
import type { WebhookError } from '@postern/core'
import type { Claim, IntakeItem, Outcome } from '@postern/core/engine'
import { item, gate } from '../make.ts'
import { DONE_OUTCOME, lane, retryIn } from '../recorder.ts'
import { type SceneTest, receiverHeard, deliverSigned } from '../scene.ts'

/** Makes an event of a tenant. The event's id starts with the tenant's name. */
function of(tenant: string, at: number): IntakeItem {
  return item(`${tenant}${at}`, [{ subscription: 'a', fairKey: tenant }])
}

function flood(tenant: string, count: number): IntakeItem[] {
  return Array.from({ length: count }, (_, at) => of(tenant, at))
}

/** The first attempt of the first 30 tasks of the tenant fails, and these tasks are due again in an hour. */
function failsFirst(tenant: string): (claim: Claim) => Outcome {
  const failed = new Set<string>()
  return ({ id, event }) => {
    if (!event.id!.startsWith(tenant) || failed.size === 30 || failed.has(id)) return DONE_OUTCOME
    failed.add(id)
    return retryIn(3_600_000)
  }
}

const FAIR = lane('a', { concurrency: 1 })

export function fairCases(test: SceneTest): void {
  test('a quiet tenant does not wait for the backlog of a loud one', async (scene) => {
    const shop = scene.join({ lanes: [FAIR], work: false })
    await shop.accept(...flood('loud', 100))
    await shop.accept(of('quiet', 1))
    shop.work()
    await shop.untilSettled(101)
    const place = shop.ran().indexOf('a:quiet1')
    assert.ok(place <= 2, `it was number ${place}`)
  })

  test('tenants with a backlog take turns', async (scene) => {
    const shop = scene.join({ lanes: [FAIR], work: false })
    for (const tenant of ['x', 'y', 'z']) await shop.accept(...flood(tenant, 10))
    shop.work()
    await shop.untilSettled(30)
    const first = shop.ran().slice(0, 9)
    for (const tenant of ['x', 'y', 'z']) {
      const count = first.filter((ran) => ran.startsWith(`a:${tenant}`)).length
      assert.ok(count >= 2, `${tenant} had ${count} of the first nine: ${first.join(' ')}`)
    }
  })

  test('tasks of one tenant keep their order', async (scene) => {
    const shop = scene.join({ lanes: [FAIR], work: false })
    for (let at = 0; at < 10; at++) await shop.accept(of('x', at), of('y', at))
    shop.work()
    await shop.untilSettled(20)
    for (const tenant of ['x', 'y'])
      assert.deepEqual(
        shop.ran().filter((ran) => ran.startsWith(`a:${tenant}`)),
        Array.from({ length: 10 }, (_, at) => `a:${tenant}${at}`),
      )
  })

  test('a loud tenant whose tasks fail overtakes nobody by its retries', async (scene) => {
    const shop = scene.join({
      lanes: [FAIR],
      work: false,
      run: ({ event, attempt }) =>
        event.id!.startsWith('loud') && attempt < 3 ? retryIn(0) : DONE_OUTCOME,
    })
    await shop.accept(...flood('loud', 30))
    await shop.accept(...flood('quiet', 5))
    shop.work()
    await shop.untilSettled(30 * 3 + 5)
    const last = shop.ran().indexOf('a:quiet4')
    assert.ok(last <= 20, `the fifth of the quiet tenant was number ${last}`)
  })

  test('failed tasks that are due all at once take turns again', async (scene) => {
    const shop = scene.join({ lanes: [FAIR], work: false, run: failsFirst('loud') })
    await shop.accept(...flood('loud', 30))
    await shop.port.drain!(Date.now() + 20_000, 30)
    await scene.view.replay({ state: 'pending' })
    await shop.accept(of('quiet', 1))
    await shop.port.drain!(Date.now() + 20_000, 3)
    assert.ok(shop.ran().slice(30).includes('a:quiet1'), `it ran ${shop.ran().slice(30).join(' ')}`)
  })

  test('failed tasks that are not due yet hold no turn of their tenant', async (scene) => {
    const shop = scene.join({ lanes: [FAIR], work: false, run: failsFirst('weak') })
    await shop.accept(...flood('weak', 30))
    await shop.port.drain!(Date.now() + 20_000, 30)
    await shop.accept(...flood('loud', 30))
    await shop.accept(of('weak', 30))
    await shop.port.drain!(Date.now() + 20_000, 4)
    assert.ok(shop.ran().slice(30).includes('a:weak30'), `it ran ${shop.ran().slice(30).join(' ')}`)
  })

  test(
    'a tenant whose events have several tasks is rejected at its share, and no other is',
    async (scene) => {
      const lanes = ['a', 'b', 'c']
      const shop = scene.join({ lanes, work: false })
      const send = async (tenant: string, at: number): Promise<unknown> =>
        shop.accept(
          item(
            `${tenant}${at}`,
            lanes.map((subscription) => ({ subscription, fairKey: tenant })),
          ),
        )
      let taken = 0
      for (; taken < 20; taken++)
        try {
          await send('loud', taken)
        } catch (error) {
          const { code, problem, option, limit } = error as Partial<WebhookError>
          assert.deepEqual(
            [code, problem, option, limit],
            ['inbox_full', 'full', 'maxPendingShare', 30],
          )
          break
        }
      assert.ok(taken >= 10 && taken < 20, `${taken} of its events were accepted`)
      assert.deepEqual(await send('quiet', 1), ['new'])
    },
    { maxPending: 60 },
  )

  test('tasks without a tenant run as well', async (scene) => {
    const shop = scene.join({ lanes: [FAIR], work: false })
    await shop.accept(...flood('loud', 20), item('plain'))
    shop.work()
    await shop.untilSettled(21)
    assert.ok(shop.ran().includes('a:plain'))
  })

  test('children carry the tenant they are given', async (scene) => {
    const shop = scene.join({
      lanes: [FAIR],
      run({ subscription, event }) {
        if (subscription === 'b') return DONE_OUTCOME
        const fairKey = event.id!.slice(0, -1)
        const count = fairKey === 'loud' ? 30 : 1
        return {
          kind: 'done',
          spawn: Array.from({ length: count }, (_, at) => ({
            subscription: 'b',
            part: `${fairKey}${at}`,
            fairKey,
          })),
        }
      },
    })
    await shop.settle(1, of('loud', 1))
    await shop.settle(2, of('quiet', 1))
    shop.lanes.push(lane('b', { concurrency: 1 }))
    await shop.accept(item('last', [{ subscription: 'b', fairKey: 'loud' }]))
    await shop.untilSettled(2 + 32)
    const children = shop.ran().filter((ran) => ran.startsWith('b:'))
    const place = children.indexOf('b:quiet1~quiet0')
    assert.ok(place <= 2, `it was number ${place} of ${children.length}`)
  })
}

const FLOOD = 500

/** Defines tests of limits per tenant, with a complete receiver. */
export function perKeyCases(test: SceneTest): void {
  test('a flood of one tenant within its concurrency holds up nobody, and uses no attempt', async (scene) => {
    const { receiver, happened, until } = receiverHeard(scene, {
      tenantKey: (event) => event.id!.split('-')[0]!,
    })
    const open = gate()
    const attempts = new Set<number>()
    let running = 0
    let most = 0
    receiver.on(
      'thing.*',
      { tenantLimit: { concurrency: 1 }, concurrency: 5 },
      async (event, task) => {
        attempts.add(task.attempt)
        if (event.id === 'quiet-1') return
        most = Math.max(most, ++running)
        await open.passed
        running--
      },
    )
    try {
      for (let at = 0; at < FLOOD; at++) await deliverSigned(receiver, `loud-${at}`)
      await deliverSigned(receiver, 'quiet-1')
      await until('done quiet-1')
      assert.equal(most, 1)
      const [started, ...more] = happened.filter((one) => one.startsWith('started loud'))
      assert.deepEqual(more, [])
      open.pass()
      await until(started!.replace('started', 'done'))
      assert.equal(most, 1)
      assert.deepEqual([...attempts], [1])
    } finally {
      open.pass()
      await receiver.close()
    }
  })
}
