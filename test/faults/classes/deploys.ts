import { stores } from '../../versions/stores.ts'
import { ids, type App, type FaultClass, type Scene } from './class.ts'

const DURABLE = ['sqlite', 'bullmq', 'postgres', 'mysql'] as const

/** Runs two versions of an app in parallel, and then only one of them. */
export const deploys: readonly FaultClass[] = [
  {
    name: 'rolling deploy with a rename',
    inboxes: DURABLE,
    whole: true,
    async play(scene) {
      const old = await scene.start()
      await keys(scene, 'a', [old])
      const young = await scene.start({ renamed: true })
      await keys(scene, 'b', [old, young])
      old.kill('SIGTERM')
      await Promise.all([old.ended, keys(scene, 'c', [young])])
      scene.over()
      if (scene.inbox === 'bullmq') return young
      await scene.until('all have run', () => ran(scene).length >= 75)
      const wrong = outOfOrder(ran(scene))
      if (wrong > 0) throw new Error(`${wrong} of ${ran(scene).length} tasks ran out of order`)
      return young
    },
  },
  {
    name: 'rolling deploy with a newer schema',
    inboxes: DURABLE,
    whole: true,
    async play(scene) {
      const old = await scene.start()
      await scene.deliver(old, 'quick', ids('before', 20))
      await scene.deliver(old, 'flaky', ids('retry', 8))
      const young = await scene.start({ steps: 'additive' })
      await scene.deliver(young, 'quick', ids('young', 20))
      await scene.deliver(old, 'quick', ids('old', 20))
      await scene.deliver(old, 'polite', ids('polite', 8))
      old.kill('SIGTERM')
      await old.ended
      scene.over()
      await scene.deliver(young, 'quick', ids('after', 20))
      return young
    },
  },
  {
    name: 'a newer schema that shuts the old process out, by force',
    inboxes: DURABLE,
    told: /this process has version 1\. .*upgrade @postern/,
    async play(scene) {
      const old = await scene.start()
      await scene.deliver(old, 'quick', ids('before', 20))
      await scene.deliver(old, 'slow', ids('slow', 4))
      const { steps, note, force } = stores[scene.inbox as keyof typeof stores]
      await force(scene.store, [...steps, { change: note, oldest: steps.length + 1 }])
      await scene.until('it is told', () => scene.said().includes('upgrade @postern'))
      const young = await scene.start({ steps: 'breaking' })
      scene.over()
      await scene.deliver(young, 'quick', ids('after', 20))
      return young
    },
  },
]

/** Delivers five ordered events of each of five keys to the apps in turn. */
async function keys(scene: Scene, part: string, apps: readonly App[]): Promise<void> {
  await Promise.all(
    ids('k', 5).map(async (key) => {
      for (let at = 0; at < 5; at++)
        await scene.deliver(apps[at % apps.length]!, 'keyed', [
          `${key.replace('-', '')}-${part}${at}`,
        ])
    }),
  )
}

function ran(scene: Scene): readonly string[] {
  return scene.lines().flatMap((line) => (line.startsWith('run keyed ') ? line.split(' ')[2]! : []))
}

function outOfOrder(all: readonly string[]): number {
  const last = new Map<string, string>()
  return all.filter((id) => {
    const [key, at] = id.split('-') as [string, string]
    const wrong = at < (last.get(key) ?? '')
    last.set(key, at)
    return wrong
  }).length
}
