import assert from 'node:assert/strict'
import type { Records } from '@postern/core/inbox'
import type { Scene, SceneTest } from '../scene.ts'

const records = (scene: Scene): Records => scene.inbox.records!

/** Small keyed values with compare-and-set. */
export function recordsCases(test: SceneTest, durable: boolean): void {
  test('a record is set, changed and deleted only by who knows its version', async (scene) => {
    const store = records(scene)
    assert.equal(await store.get('k'), undefined)
    assert.equal(await store.set('k', { n: 1 }, 0), true)
    assert.equal(await store.set('k', { n: 2 }, 0), false)
    const first = (await store.get('k'))!
    assert.deepEqual(first.value, { n: 1 })
    assert.equal(await store.set('k', { n: 2 }, first.version), true)
    assert.equal(await store.set('k', { n: 3 }, first.version), false)
    const second = (await store.get('k'))!
    assert.deepEqual(second.value, { n: 2 })
    assert.notEqual(second.version, first.version)
    assert.equal(await store.delete('k', first.version), false)
    assert.equal(await store.delete('k', second.version), true)
    assert.equal(await store.get('k'), undefined)
    assert.equal(await store.delete('k', second.version), false)
  })

  test('of many that change a record at once, one does', async (scene) => {
    const store = records(scene)
    const set = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => store.set('k', at, 0)),
    )
    assert.equal(set.filter(Boolean).length, 1)
    assert.equal((await store.get('k'))!.value, set.indexOf(true))
  })

  test('records are listed by the start of their key, whatever it holds', async (scene) => {
    const store = records(scene)
    for (const key of ['to:b', 'to:a', 'to_x', 'to%', 'un', 'TO:c']) await store.set(key, key, 0)
    assert.deepEqual(
      (await store.list('to:')).map(({ key, value }) => [key, value]),
      [
        ['to:a', 'to:a'],
        ['to:b', 'to:b'],
      ],
    )
    assert.deepEqual(
      (await store.list('to%')).map(({ key }) => key),
      ['to%'],
    )
    assert.equal((await store.list('')).length, 6)
    assert.ok((await store.list('to:')).every(({ version }) => version >= 1))
  })

  if (!durable) return
  test('records outlive a restart', async (scene) => {
    await records(scene).set('k', ['v'], 0)
    await scene.restart()
    const kept = (await records(scene).get('k'))!
    assert.deepEqual(kept.value, ['v'])
    assert.equal(await records(scene).set('k', 'w', kept.version), true)
  })
}
