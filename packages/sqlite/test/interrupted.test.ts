import { test } from 'vitest'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { DONE_OUTCOME, lane } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open, join, run } = sqliteScene()
test('a suspect runs beside a flood that never ends', async () => {
  const inbox = open()
  const web = join(inbox, { lanes: ['none'] })
  await web.port.accept(intake(item('suspect')), {})
  run('UPDATE postern_tasks SET cut = 3, gate = 3, due = 9e15')
  await web.port.close(Date.now() + 50)
  let made = 0
  let ends = false
  const more = (count: number) => intake(...Array.from({ length: count }, () => item(`${made++}`)))
  const shop = join(inbox, {
    lanes: [lane('a', { concurrency: 2 })],
    async run() {
      if (!ends) await shop.port.accept(more(1), {})
      return DONE_OUTCOME
    },
  })
  await shop.port.accept(more(400), {})
  await shop.until('the flood runs', () => shop.settled.length > 200)
  run('UPDATE postern_tasks SET due = 0 WHERE cut = 3')
  await shop.until('the suspect runs', () => shop.ran().includes('a:suspect'))
  ends = true
})
