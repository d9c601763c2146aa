import { AGAIN, SUSPECT, type Inbox, type Outcome } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { intake, lane, record } from './consumer.ts'
import { withPostgres } from './postgres.ts'

const DONE: Outcome = { kind: 'done' }

withPostgres('interruptions in postgresInbox', (postgres) => {
  const open = () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inboxes: Inbox[] = []
    /** As another process has it. */
    const another = (lease: '1s' | '60s' = '60s'): Inbox => {
      const inbox = postgresInbox({
        connectionString: service.url,
        schema: name,
        pollInterval: 20,
        // It renews its leases so seldom that those that `cut` ends stay ended.
        lease,
      })
      inboxes.push(inbox)
      return inbox
    }
    return {
      another,
      close: () => Promise.all(inboxes.map((inbox) => inbox.close())),
      /** Ends the leases of what runs, as if its process had died; what waits is due now. */
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

  /** A process that claims and never settles. */
  const hang = (attempts = 2) =>
    record({ lanes: [lane('a', { concurrency: 1, attempts })], run: () => new Promise(() => {}) })

  test('use no attempt; after three in a row the task is a suspect, and its outcome ends the count', async () => {
    const scene = open()
    for (let process = 0; process < 3; process++) {
      const one = hang()
      const inbox = scene.another()
      const port = inbox.attach(one.consumer)
      if (process === 0) await port.accept(intake('1'), {})
      port.work!()
      await scene.due()
      await one.until(() => one.runs.length === 1)
      expect(one.runs[0]!.attempt).toBe(1)
      await scene.cut()
      // It holds the task itself: another process frees it.
      const other = scene.another()
      const idle = record({
        lanes: [lane('a', { concurrency: 1 })],
        run: () => new Promise(() => {}),
      })
      await other.attach(idle.consumer).drain!(Date.now() + 20_000, 0)
      expect(await scene.job()).toMatchObject({
        state: 0,
        cut: process + 1,
        charged: 0,
      })
    }
    expect(await scene.job()).toMatchObject({ gate: SUSPECT })
    const last = record()
    await scene.due()
    scene.another().attach(last.consumer).work!()
    await last.until(() => last.settled.length === 1)
    expect(last.runs[0]!.attempt).toBe(1)
    expect(await scene.job()).toMatchObject({ state: 2, cut: 0 })
    await scene.close()
  })

  test('a suspect that goes on so is poison, told as dead, and a replay keeps it a suspect', async () => {
    const scene = open()
    const heard = hang(6)
    let inbox = scene.another()
    await inbox.attach(record().consumer).accept(intake('1'), {})
    // Three interruptions make a suspect; six charges, as its policy has attempts, end it.
    for (let round = 0; round < 9; round++) {
      const one = hang(6)
      inbox = scene.another()
      const port = inbox.attach(one.consumer)
      port.work!()
      await scene.due()
      await one.until(() => one.runs.length === 1)
      await scene.cut()
      const port2 = scene.another().attach(heard.consumer)
      await port2.drain!(Date.now() + 20_000, 0)
      await port2.close(Date.now() + 1000)
      await port.close(Date.now())
    }
    expect(await scene.job()).toMatchObject({ state: 3 })
    expect(heard.settled).toMatchObject([
      { outcome: { kind: 'dead', error: { name: 'poison' } }, stored: true },
    ])
    const view = scene.another().view!
    const [task] = (await view.list({ state: 'dead' })).rows!
    expect(task).toMatchObject({ error: { name: 'poison' }, attempt: 1 })
    await view.replay({})
    expect(await scene.job()).toMatchObject({ state: 0, gate: SUSPECT, charged: 0 })
    await scene.close()
  })

  test('an outcome that comes late counts if the task was not claimed since', async () => {
    const scene = open()
    let end: (outcome: Outcome) => void = () => {}
    // It has no place for a second run.
    const slow = record({
      lanes: [lane('a', { concurrency: 1 })],
      run: () => new Promise((resolve) => (end = resolve)),
    })
    const port = scene.another().attach(slow.consumer)
    await port.accept(intake('1'), {})
    port.work!()
    await slow.until(() => slow.runs.length === 1)
    await scene.cut()
    await scene.another().attach(record({ receiver: 'shop' }).consumer).drain!(
      Date.now() + 20_000,
      0,
    )
    expect(await scene.job()).toMatchObject({ state: 0, cut: 1 })
    end({ kind: 'done' })
    await slow.until(() => slow.settled.length === 1)
    expect(slow.settled[0]).toMatchObject({ stored: true, outcome: DONE })
    expect(await scene.job()).toMatchObject({ state: 2 })
    await scene.close()
  })

  test('a done that comes when another process has the task counts; that run is told, and its outcome is refused', async () => {
    const scene = open()
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
    await scene.close()
  })

  test('a failure that comes when another process has the task is refused, and clears no count', async () => {
    const scene = open()
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
    const heir = hang()
    const next = scene.another().attach(heir.consumer)
    await next.drain!(Date.now() + 20_000, 0)
    await scene.due()
    next.work!()
    await heir.until(() => heir.runs.length === 1)
    end({ kind: 'dead', error: { name: 'Error', message: 'late' } })
    await slow.until(() => slow.settled.length === 1)
    expect(slow.settled[0]!.stored).toBe(false)
    expect(await scene.job()).toMatchObject({ state: 1, cut: 1 })
    await next.close(Date.now())
    await scene.close()
  })

  test('an outcome counts in its own round alone: after a replay, that of the run before changes nothing', async () => {
    const scene = open()
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
    // It runs again, or is about to.
    expect((await scene.job()).state).toBeLessThan(2)
    await scene.close()
  })

  test.each([
    ['an interrupted task', AGAIN, 1],
    ['a suspect', SUSPECT, 3],
  ] as const)('%s runs beside a flood that never ends', async (_, gate, cut) => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inbox = postgresInbox({
      connectionString: service.url,
      schema: name,
      pollInterval: 20,
      lease: '1s',
      deadline: '20s',
    })
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
    await inbox.close()
  })

  test('one suspect at a time runs in a process, and ordinary tasks run beside it', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inbox = postgresInbox({ connectionString: service.url, schema: name, pollInterval: 20 })
    let most = 0
    let running = 0
    const ends: (() => void)[] = []
    const shop = record({
      async run({ event }) {
        if (!event.id!.startsWith('suspect')) return DONE
        most = Math.max(most, ++running)
        await new Promise<void>((resolve) => ends.push(resolve))
        running--
        return DONE
      },
    })
    const port = inbox.attach(shop.consumer)
    for (const id of ['suspect 1', 'suspect 2', 'suspect 3']) await port.accept(intake(id), {})
    await pool.query(`UPDATE ${name}.postern_tasks SET gate = ${SUSPECT}, cut = 3`)
    port.work!()
    const suspects = (): number =>
      shop.runs.filter(({ event }) => event.id!.startsWith('suspect')).length
    await shop.until(() => suspects() === 1)
    for (let at = 0; at < 20; at++) await port.accept(intake(`e${at}`), {})
    await shop.until(() => shop.settled.length === 20)
    for (let ended = 1; ended <= 3; ended++) {
      expect(suspects()).toBe(ended)
      ends[ended - 1]!()
      await shop.until(() => shop.settled.length === 20 + ended)
      if (ended < 3) await shop.until(() => suspects() > ended)
    }
    expect(most).toBe(1)
    await inbox.close()
  })
})
