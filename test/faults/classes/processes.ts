import { setTimeout as sleep } from 'node:timers/promises'
import { ids, type App, type FaultClass, type Scene } from './class.ts'
import { isLocked } from './engines.ts'

const DURABLE = ['sqlite', 'bullmq', 'postgres', 'mysql'] as const

/** Processes that die, pause, hang or have little memory. */
export const processes: readonly FaultClass[] = [
  {
    name: 'killed again and again',
    inboxes: DURABLE,
    async play(scene) {
      const other = await scene.start()
      let victim = await scene.start()
      for (let round = 0; round < 4; round++) {
        const load = scene.deliver(() => victim, 'slow', ids(`slow${round}`, 6))
        const quick = scene.deliver(() => victim, 'quick', ids(`quick${round}`, 30))
        await sleep(300 + scene.random() * 1500)
        await scene.note(other)
        victim.kill('SIGKILL')
        await victim.ended
        victim = await scene.start()
        await Promise.all([load, quick])
      }
      victim.kill('SIGKILL')
      scene.over()
      return other
    },
  },
  {
    name: 'paused for three leases',
    inboxes: DURABLE,
    async play(scene) {
      const [paused, other] = [await scene.start(), await scene.start()]
      await scene.deliver(paused, 'slow', ids('slow', 8))
      await scene.until('they run', () => scene.lines().length >= 8)
      await pause(scene, paused)
      await scene.deliver(other, 'quick', ids('quick', 20))
      await sleep(6000)
      await scene.note(other)
      paused.kill('SIGCONT')
      scene.over()
      await scene.deliver(paused, 'quick', ids('after', 20))
      return other
    },
  },
  {
    name: 'the loop held for longer than the lease, in two processes',
    inboxes: ['memory', ...DURABLE],
    async play(scene) {
      const app = await scene.start()
      if (scene.inbox !== 'memory') await scene.start()
      await scene.deliver(app, 'quick', ids('quick', 20))
      await scene.deliver(app, 'hold', ids('hold', 3))
      scene.over()
      return app
    },
  },
  {
    name: 'a loop that never ends, process after process',
    inboxes: DURABLE,
    told: /event loop/,
    dies: ['loop'],
    async play(scene) {
      let app = await scene.start()
      await scene.deliver(app, 'quick', ids('before', 20))
      await scene.deliver(app, 'loop', ['loop'], 5000)
      for (let kills = 0; kills < 12; kills++) {
        const hung = await untilHung(app, async () =>
          (await scene.tasks(app)).some(
            ({ subscription, state }) => subscription === 'loop' && state === 'dead',
          ),
        )
        if (!hung) break
        await scene.until('it is told which task hangs', () => /event loop/.test(scene.said()))
        app.kill('SIGKILL')
        await app.ended
        app = await scene.start()
        await scene.deliver(app, 'quick', ids(`after${kills}`, 5), 2000)
      }
      scene.over()
      await scene.deliver(app, 'quick', ids('last', 20))
      return app
    },
  },
  little('128 MB for bodies of 1 MB on 200 connections', 400, { text: 'x'.repeat(1_000_000) }),
  // Parsing such a body takes some tenths of a second, again for each rejected delivery.
  little('128 MB for bodies of 330,000 empty objects', 24, {
    list: Array.from({ length: 330_000 }, () => ({})),
  }),
]

/** Gives a process with a small heap more than it can hold. */
function little(name: string, count: number, payload: object): FaultClass {
  return {
    name,
    inboxes: ['memory', ...DURABLE],
    async play(scene) {
      const app = await scene.start({}, ['--max-old-space-size=128'])
      let died = false
      void app.ended.then(() => (died = true))
      const rejections = await scene.deliver(app, 'large', ids('large', count), 15_000, payload)
      if (died) throw new Error('it died')
      // A fast machine may parse one body after another and reject none.
      if (rejections > 0)
        await scene.until('a rejection is told', () => /overloaded|inbox_full/.test(scene.said()))
      scene.over()
      return app
    },
  }
}

/**
 * Pauses an app, but not while it holds the write lock of an SQLite file. That lock would block everyone, which is
 * another class.
 */
async function pause({ inbox, store }: Scene, app: App): Promise<void> {
  for (;;) {
    app.kill('SIGSTOP')
    if (inbox !== 'sqlite' || !isLocked(store)) return
    app.kill('SIGCONT')
    await sleep(1)
  }
}

/** Returns true if the app has not replied for three seconds. Returns false once `through` returns true. */
async function untilHung(app: App, through: () => Promise<boolean>): Promise<boolean> {
  const late = performance.now() + 60_000
  while (performance.now() < late) {
    const answer = await Promise.race([
      through().catch(() => undefined),
      sleep(3000, 'hung' as const),
    ])
    if (answer === 'hung') return true
    if (answer === true) return false
    await sleep(200)
  }
  throw new Error(`${app.url} neither hangs nor gives the task up`)
}
