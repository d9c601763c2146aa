import { expect, test } from 'vitest'
import { createDeadlines } from '../src/deadlines.ts'

test('ends each at its own time, and not those that were dropped', async () => {
  const deadlines = createDeadlines(5)
  const ended: string[] = []
  await start('first')
  const dropped = deadlines.start(() => ended.push('dropped'))
  const second = start('second')
  deadlines.drop(dropped)
  await second
  await Promise.all([start('third'), start('fourth')])
  deadlines.drop(deadlines.start(() => ended.push('dropped at once')))
  await start('fifth')
  expect(ended).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])

  function start(name: string): Promise<void> {
    return new Promise((resolve) => {
      const deadline: ReturnType<typeof deadlines.start> = deadlines.start(() => {
        expect(performance.now()).toBeGreaterThanOrEqual(deadline.at)
        ended.push(name)
        resolve()
      })
    })
  }
})
