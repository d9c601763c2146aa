import { AGAIN, SUSPECT, type Outcome } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { intake, lane, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

const DONE: Outcome = { kind: 'done' }

withPostgres('interruptions in postgresInbox', (postgres) => {
  const made = () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    return {
      /** Opens an inbox, as another process does. By default it renews leases so rarely that `cut` is not undone. */
      another: (lease: '1s' | '60s' = '60s') => open({ schema: name, lease }),
      /** Ends the leases of running tasks, as if their process had died. */
      async cut() {
        await pool.query(`UPDATE ${name}.postern_tasks SET lease = 0 WHERE lease IS NOT NULL`)
      },
      async due() {
        await pool.query(`UPDATE ${name}.postern_tasks SET due = 0 WHERE state = 0`)
      },
      job: async () =>
        (await pool.query(`SELECT state, gate, cut, charged FROM ${name}.postern_tasks`))
          .rows[0] as { state: number; gate: number; cut: number; charged: number },
    }
  }

  test('a done that comes when another process has the task counts; that run is told, and its outcome is rejected', async () => {
    const scene = made()
    let end: (outcome: Outcome) => void = () => {}
    const slow = record({
      lanes: [lane('a', { concurrency: 1 })],
      run: () => new Promise((resolve) => (end = resolve)),
    })
    const port = scene.another().attach(slow.consumer)
    await port.accept(intake('1'), {})
    port.work!()
    await slow.until(() => slow.runs.length === 1)
    await scene.cut()
    let told: Error | undefined
    let endHeir: (outcome: Outcome) => void = () => {}
    const heir = record({
      lanes: [lane('a', { concurrency: 1 })],
      run(claim) {
        claim.onLost!((reason) => (told = reason))
        return new Promise((resolve) => (endHeir = resolve))
      },
    })
    const next = scene.another('1s').attach(heir.consumer)
    await next.drain!(Date.now() + 20_000, 0)
    await scene.due()
    next.work!()
    await heir.until(() => heir.runs.length === 1)
    expect(await scene.job()).toMatchObject({ state: 1, cut: 1 })
    end({ kind: 'done' })
    await slow.until(() => slow.settled.length === 1)
    expect(slow.settled[0]!.stored).toBe(true)
    expect(await scene.job()).toMatchObject({ state: 2, cut: 0 })
    await expect.poll(() => told?.message).toMatch(/claimed or settled/)
    endHeir({ kind: 'dead', error: { name: 'Error', message: 'too late' } })
    await heir.until(() => heir.settled.length === 1)
    expect(heir.settled[0]!.stored).toBe(false)
    expect(await scene.job()).toMatchObject({ state: 2 })
  })

  test('an outcome counts in its own round alone: after a replay, that of the run before changes nothing', async () => {
    const scene = made()
    let end: (outcome: Outcome) => void = () => {}
    const slow = record({
      lanes: [lane('a', { concurrency: 1 })],
      run: () => new Promise((resolve) => (end = resolve)),
    })
    const port = scene.another().attach(slow.consumer)
    await port.accept(intake('1'), {})
    port.work!()
    await slow.until(() => slow.runs.length === 1)
    await scene.cut()
    const heir = record({
      run: () => ({ kind: 'dead', error: { name: 'Error', message: 'no' } }),
    })
    const inbox = scene.another()
    const next = inbox.attach(heir.consumer)
    await next.drain!(Date.now() + 20_000, 0)
    await scene.due()
    await next.drain!(Date.now() + 20_000, 10)
    expect(await scene.job()).toMatchObject({ state: 3 })
    await inbox.view!.replay({})
    end({ kind: 'done' })
    await slow.until(() => slow.settled.length === 1)
    expect(slow.settled[0]!.stored).toBe(false)
    // The task is pending or runs again.
    expect((await scene.job()).state).toBeLessThan(2)
  })

  test.each([
    ['an interrupted task', AGAIN, 1],
    ['a suspect', SUSPECT, 3],
  ] as const)('%s runs beside a flood that never ends', async (_, gate, cut) => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, lease: '1s', deadline: '20s' })
    let made = 0
    let ends = false
    const flood = record({
      lanes: [lane('a', { concurrency: 2 })],
      async run() {
        if (!ends) await port.accept(intake(`${made++}`), {})
        return DONE
      },
    })
    const port = inbox.attach(flood.consumer)
    await port.accept(intake('held'), {})
    await pool.query(`UPDATE ${name}.postern_tasks SET gate = ${gate}, due = 9e15, cut = ${cut}`)
    await Promise.all(Array.from({ length: 500 }, async () => port.accept(intake(`${made++}`), {})))
    port.work!()
    await flood.until(() => flood.settled.length > 200)
    await pool.query(`UPDATE ${name}.postern_tasks SET due = 0 WHERE due = 9e15`)
    await flood.until(() => flood.runs.some(({ event }) => event.id === 'held'))
    ends = true
    await port.close(Date.now() + 500)
  })
})
