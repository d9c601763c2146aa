import assert from 'node:assert/strict'
import type { ReceiverScene, ReceiverTest } from './scene.ts'

const CROWD = 40

/** A delivery that comes again has no second effect, whenever it comes. */
export function duplicateCases(test: ReceiverTest): void {
  test('a delivery that comes again has no second effect', async (scene) => {
    await scene.deliver('again')
    await scene.untilEffects(['again'])
    await once(scene, 'again')
  })

  test('of many equal deliveries at once, one has its effect', async (scene) => {
    await Promise.all(Array.from({ length: CROWD }, () => scene.deliver('crowded')))
    await scene.untilEffects(['crowded'])
    await once(scene, 'crowded')
  })

  test('a delivery that comes again while its handler runs has no second effect', async (scene) => {
    scene.tell('wait', true)
    const first = scene.deliver('slow')
    await scene.untilAnswered('wait')
    // Not awaited: a receiver that replies after its handler lets them wait too.
    const second = Promise.all([scene.deliver('slow'), scene.deliver('slow')])
    await scene.post(scene.signed('look', { secret: scene.makeSecret() }))
    scene.tell('wait', false)
    await Promise.all([first, second])
    await scene.untilEffects(['slow'])
    await once(scene, 'slow')
  })
}

/** The same over restarts. */
export function restartCases(test: ReceiverTest): void {
  for (const [how, name] of [
    ['stop', 'a restart'],
    ['kill', 'a crash'],
  ] as const)
    test(`a delivery that comes again after ${name} has no second effect`, async (scene) => {
      await scene.deliver('old')
      await scene.untilEffects(['old'])
      await scene.settle()
      await scene.restart(how)
      await once(scene, 'old')
    })
}

/** The same over two processes. */
export function sharedCases(test: ReceiverTest): void {
  test('of equal deliveries to two processes at once, one has its effect', async (scene) => {
    const { url } = await scene.another()
    const ids = Array.from({ length: CROWD / 2 }, (_, at) => `shared-${at}`)
    await Promise.all(ids.flatMap((id) => [scene.deliver(id), scene.deliver(id, { url })]))
    await scene.untilEffects(ids)
    for (const id of ids) await once(scene, id)
  })
}

/** Delivers it twice more, signed at another time as senders do, and asserts that its effect happened once. */
async function once(scene: ReceiverScene, id: string): Promise<void> {
  for (const later of [0, 1000]) await scene.deliver(id, { at: Date.now() + later })
  await scene.settle()
  assert.equal(await scene.count(id), 1, `the effect of ${id} happened more than once`)
}
