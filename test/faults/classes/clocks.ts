import { ids, type FaultClass } from './class.ts'

const HOUR = 3_600_000
const STEPS = {
  'wall clock back an hour': -HOUR,
  'wall clock ahead an hour': HOUR,
  'wall clock ahead a day': 24 * HOUR,
  'wall clock ahead a year': 365 * 24 * HOUR,
}

/** Changes of the wall clock during running tasks, retries and redeliveries. Afterwards a process dies. */
export const clocks: readonly FaultClass[] = Object.entries(STEPS).map(([name, by]) => ({
  name,
  inboxes: ['memory', 'sqlite', 'bullmq', 'postgres', 'mysql'],
  whole: true,
  async play(scene) {
    const [first, second] = [
      await scene.start(),
      scene.inbox === 'memory' ? undefined : await scene.start(),
    ]
    await scene.deliver(first, 'quick', ids('before', 20))
    await scene.deliver(first, 'slow', ids('running', 8))
    await scene.deliver(first, 'flaky', ids('retry', 8))
    await scene.until(
      'slow tasks run',
      () => scene.lines().filter((line) => line.startsWith('run slow')).length >= 8,
    )
    await scene.until(
      'quick ones are done',
      async () =>
        (await scene.tasks(first)).filter(
          (task) => task.subscription === 'quick' && task.state === 'done',
        ).length === 20,
    )
    await scene.note(first)
    for (const app of [first, second]) app?.step(by)
    scene.over()
    await scene.again(first, 'quick')
    await scene.deliver(first, 'quick', ids('after', 20))
    await scene.deliver(first, 'flaky', ids('late', 8))
    if (!second) return first
    await scene.deliver(first, 'slow', ids('killed', 4))
    await scene.until(
      'they run',
      () => scene.lines().filter((line) => line.startsWith('run slow killed')).length >= 4,
    )
    // The runs of the killed process have no stored outcome, so these tasks may run again.
    await scene.until('the others are settled', async () =>
      (await scene.tasks(first)).every(
        ({ state, id }) => state === 'done' || id.startsWith('killed'),
      ),
    )
    first.kill('SIGKILL')
    await first.ended
    scene.over()
    await scene.deliver(second, 'quick', ids('last', 20))
    return second
  },
}))
