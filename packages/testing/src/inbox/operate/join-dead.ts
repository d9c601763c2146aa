import type { JoinedReceiver, Scene } from '../scene.ts'
import { intake, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME } from '../recorder.ts'

/** A receiver with that many dead tasks, whose handlers work now. */
export async function joinDead(scene: Scene, count: number): Promise<JoinedReceiver> {
  let broken = true
  const shop = scene.join({ run: () => (broken ? DEAD_OUTCOME : DONE_OUTCOME) })
  await shop.port.accept(intake(...Array.from({ length: count }, (_, at) => item(`e${at}`))), {})
  await shop.untilSettled(count)
  broken = false
  return shop
}
