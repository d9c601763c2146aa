import { describe, expect, test } from 'vitest'
import { createScene, startSite } from './scene.ts'

describe('each destination has a task of its own', () => {
  test('one that fails is tried again with the same id, and the others are left in peace', async () => {
    const good = await startSite()
    const shaky = await startSite((_, nth) => (nth < 4 ? 500 : 200))
    const scene = createScene({ to: [good.url, new URL(shaky.url)] })
    await scene.send()
    await scene.until('done 4')
    expect([good.got.length, shaky.got.length]).toEqual([1, 4])
    const ids = new Set(shaky.got.map((got) => got.headers['webhook-id']))
    expect(ids.size).toBe(1)
    expect(ids.has(good.got[0]!.headers['webhook-id'])).toBe(false)
  })

  test('one that is given up is dead alone, and replay brings that one back', async () => {
    let broken = true
    const good = await startSite()
    const bad = await startSite(() => (broken ? 404 : 200))
    const scene = createScene({
      to: [good.url, { id: 'bad', url: bad.url }],
      retry: { attempts: 3, initialDelay: 1 },
    })
    await scene.send()
    expect(await scene.until('dead')).toContain('bad answered 404')
    const dead = await scene.receiver.tasks({ state: 'dead' })
    expect(dead.map((task) => task.part)).toEqual(['bad'])
    broken = false
    expect((await scene.receiver.replay({})).count).toBe(1)
    await scene.until('done', 3)
    expect([good.got.length, bad.got.length]).toEqual([1, 4])
    expect(new Set(bad.got.map((got) => got.headers['webhook-id'])).size).toBe(1)
  })

  test('destinations can be found at run time; one that may not be called harms no other', async () => {
    const site = await startSite()
    const scene = createScene({
      to: async (event) =>
        (event.payload as { to: string[] }).to.map((path) => new URL(path, site.url)),
    })
    await scene.send({ id: 'a', payload: { to: ['/x', '/y', '/x', 'ftp://example.com'] } })
    expect(await scene.until('dead')).toContain('https:')
    await scene.until('done', 3)
    expect(site.got.map((got) => got.path).sort()).toEqual(['/x', '/y'])
    await scene.send({ id: 'b', payload: { to: [] } })
    await scene.until('done', 4)
    expect(site.got).toHaveLength(2)
  })

  test('names of tasks hold no URL, which may hold a secret', async () => {
    const site = await startSite(() => 500)
    const scene = createScene({ to: `${site.url}/secret?key=other`, retry: { attempts: 1 } })
    await scene.send()
    expect(await scene.until('dead')).not.toMatch(/secret|other/)
    const [task] = await scene.receiver.tasks()
    expect(task!.part).toMatch(/^127\.0\.0\.1-[\w-]{12}$/)
    expect(JSON.stringify(task)).not.toMatch(/secret\?|other/)
  })
})
